/**
 * The small community that is planted on both sides: the demo's people, posts, likes and pictures, in which all follow
 * all, one writes enough to fill a page of their own, and one of their posts is answered fifty times.
 */
import { community } from "../../seed/community.ts";
import { people } from "../../seed/people.ts";
import { type Host, type Member, plant } from "../../seed/plant.ts";
import { pick, randomFrom, sample } from "../../seed/random.ts";
import type { Seed, SeedPost } from "../../seed/seed.ts";
import { xrpc } from "../../dev/xrpc-client.ts";
import { type Account, type Client, createAccount } from "../client.ts";

/** Who writes the most. */
const WRITER = "otto";
export const WRITER_HANDLE = `${WRITER}.test`;
/** The post that is answered so often. */
const ROOT_POST = "root";

const OWN_POSTS = 50;
const REPLIES = 50;
/** So many answer the post itself, the others one of these. */
const DIRECT_REPLIES = 25;
/** Of everybody's posts, so that all have been notified of more than a page. */
const LIKES_MORE = 2;

/** The same every time. */
function benchCommunity(): Seed {
  const random = randomFrom("appview");
  const demo = community();
  const names = people.map(({ name }) => name);
  const posts = [...(demo.posts ?? []), ...ownPosts(random), ...thread(names, random)];
  return {
    ...demo,
    follows: Object.fromEntries(names.map((name) => [name, names.filter((other) => other !== name)])),
    posts: posts.map((post) => likedMore(post, names, random)),
  };
}

function ownPosts(random: () => number): SeedPost[] {
  const said = people.flatMap(({ posts }) => posts).filter((text) => !text.startsWith("Picture: "));
  return sample(said, OWN_POSTS, random).map((text, i) => ({ by: WRITER, text, minutesAgo: 90 + i * 61 }));
}

function thread(names: string[], random: () => number): SeedPost[] {
  const text = "What should the harbour have that it does not have? Answers here, all of them.";
  const posts: SeedPost[] = [{ id: ROOT_POST, by: WRITER, text, minutesAgo: 80 }];
  const others = names.filter((name) => name !== WRITER);
  for (let i = 0; i < REPLIES; i++) {
    const about = i < DIRECT_REPLIES ? 0 : 1 + Math.floor(random() * DIRECT_REPLIES);
    posts.push({
      id: `answer${i}`,
      by: pick(others, random),
      text: `${pick(people, random).description} Number ${i + 1}.`,
      // Not on the minute: two notifications of one moment come in any order.
      minutesAgo: 79 - i + random() * 0.9,
      replyTo: about === 0 ? ROOT_POST : `answer${about - 1}`,
    });
  }
  return posts;
}

function likedMore(post: SeedPost, names: string[], random: () => number): SeedPost {
  const already = post.likedBy ?? [];
  const rest = names.filter((name) => name !== post.by && !already.includes(name));
  return { ...post, likedBy: [...already, ...sample(rest, LIKES_MORE, random)] };
}

export interface PlantedCommunity {
  /** By handle: the n-th is the same person on every host. */
  members: Account[];
  /** URI of the post that is answered so often. */
  root: string;
}

/**
 * On a host without invites and limits. `now`: the moment that the posts' times count back from, ms of the Unix epoch.
 * `settle`: waited for after each post, where an index might otherwise take in a reply before the post it answers.
 */
export async function plantCommunity(
  client: Client,
  now: number,
  settle?: () => Promise<void>,
): Promise<PlantedCommunity> {
  const members: Account[] = [];
  const host: Host = {
    async member({ name }) {
      const account = await createAccount(client, name);
      members.push(account);
      return { member: memberOf(client, account, settle), isNew: true };
    },
  };
  const planted = await plant(benchCommunity(), host, { now });
  const root = planted.posts.get(ROOT_POST);
  if (root === undefined) throw new Error("the long thread was not planted");
  return { members: members.toSorted((a, b) => a.handle.localeCompare(b.handle)), root: root.uri };
}

function memberOf({ origin }: Client, { did, handle, token }: Account, settle?: () => Promise<void>): Member {
  const authorization = `Bearer ${token}`;
  return {
    did,
    handle,
    async call(nsid, given) {
      const answer = await xrpc(origin, nsid, { ...given, authorization });
      if (nsid === "com.atproto.repo.createRecord") await settle?.();
      return answer;
    },
  };
}
