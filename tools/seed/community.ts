/**
 * The demo's community: twenty people around a small harbour, and three days of their posts. The same every
 * time.
 */
import { people } from "./people.ts";
import { pick, randomFrom, sample } from "./random.ts";
import type { Seed, SeedPost } from "./seed.ts";

/** Of all posts, how many reply to another and how many quote one. The rest stand alone. */
const POSTS = 300;
const REPLIES = 140;
const QUOTES = 40;
const SPAN_MINUTES = 3 * 24 * 60;

const replies = [
  "This made my morning.",
  "Same here, since Sunday at least.",
  "Where was this? I walk past there every day and never noticed.",
  "Keep one for me, please.",
  "I had the opposite experience, which probably means we are both right.",
  "You are a treasure.",
  "Count me in.",
  "Bring it on Friday and I will bring the soup.",
  "Strong agree, and I did not expect to write that today.",
  "Tell me more when we meet at the quay.",
  "My grandmother swore by this.",
  "I tried that once. The ceiling has mostly recovered.",
  "Beautiful. That is the whole reply.",
  "How long did it take you?",
  "I owe you a coffee for this one.",
  "That explains the noise!",
  "Please write this up properly, so that I can send it to my brother.",
  "I was there too and can confirm every word.",
  "Only on this island.",
  "Half of the harbour is talking about it.",
  "Could you do it again on Saturday? I would like to watch.",
  "I have questions, but above all I have admiration.",
  "Next time knock on my door, I am two minutes away.",
  "It is the small things, isn't it.",
  "No notes.",
  "I borrowed your idea and it worked at the first try.",
  "The children want to know whether the heron has a name.",
  "Careful with the left one, it sticks.",
  "That is going on the wall of the boathouse.",
  "I can lend you mine until yours is mended.",
];

const comments = [
  "Everybody should see this.",
  "Saving this for the winter.",
  "This, in a nutshell.",
  "Adding only that it also works in the rain.",
  "My thoughts exactly, said better.",
  "A reason to live here.",
  "Look at this!",
  "For those who asked me about it yesterday:",
  "I have been saying so for years. Nobody listened, and here we are.",
  "Quietly the best post of the week.",
];

export function community(): Seed {
  const random = randomFrom("atoll");
  const names = people.map(({ name }) => name);
  const posts: SeedPost[] = openings(random);
  while (posts.length < POSTS) posts.push(answer(posts, names, random));
  for (const post of posts) addEchoes(post, names, random);
  return {
    accounts: people.map(({ name, displayName, description }) => ({
      name,
      displayName,
      description,
      avatar: true,
      password: "atoll-demo",
    })),
    follows: Object.fromEntries(
      names.map((name) => [name, sample(others(names, name), 6 + Math.floor(random() * 9), random)]),
    ),
    posts,
  };
}

/** Posts that stand alone, spread over the days; the newest last. */
function openings(random: () => number): SeedPost[] {
  const said = people.flatMap(({ name, posts }) => posts.map((text) => ({ name, text })));
  const shuffled = sample(said, POSTS - REPLIES - QUOTES, random);
  return shuffled.map(({ name, text }, i) => {
    const share = (shuffled.length - 1 - i) / shuffled.length;
    const pictured = text.startsWith("Picture: ");
    const shown = text.replace("Picture: ", "");
    return {
      id: `p${i}`,
      by: name,
      text: shown,
      minutesAgo: 3 + share * (SPAN_MINUTES - 60) + random() * 15,
      ...(pictured ? { images: [{ alt: shown }] } : {}),
    };
  });
}

/** A reply to, or a quote of, an earlier post; posts with answers get more of them. */
function answer(posts: SeedPost[], names: string[], random: () => number): SeedPost {
  const openingCount = POSTS - REPLIES - QUOTES;
  const id = `p${posts.length}`;
  const quotes = posts.length >= POSTS - QUOTES;
  // Squared, so that some threads grow long and others stay short.
  const about =
    posts[Math.floor((quotes ? random() : random() ** 2) * (quotes ? openingCount : posts.length))];
  if (about?.id === undefined) throw new Error("nothing to answer");
  const by = pick(others(names, about.by), random);
  // Within some hours, but never before the other post and never in the future.
  const later = 4 + random() ** 3 * (quotes ? 900 : 400);
  const age = about.minutesAgo ?? 0;
  const minutesAgo = age - Math.min(later, age * 0.6);
  if (quotes) return { id, by, text: pick(comments, random), minutesAgo, quote: about.id };
  const mention = random() < 0.15 ? `@${about.by} ` : "";
  return { id, by, text: mention + pick(replies, random), minutesAgo, replyTo: about.id };
}

function addEchoes(post: SeedPost, names: string[], random: () => number): void {
  const liked = Math.floor(random() ** 2 * (post.replyTo === undefined ? 9 : 4));
  const reposted = post.replyTo === undefined && random() < 0.3 ? 1 + Math.floor(random() * 2) : 0;
  if (liked > 0) post.likedBy = sample(others(names, post.by), liked, random);
  if (reposted > 0) post.repostedBy = sample(others(names, post.by), reposted, random);
}

function others(names: string[], name: string): string[] {
  return names.filter((other) => other !== name);
}
