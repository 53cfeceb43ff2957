/**
 * The small community that is planted on both sides: the demo's people, posts, likes and pictures. All
 * members follow each other, one writes enough posts to fill a page, and one of that member's posts gets
 * fifty replies.
 */
import { community } from "../../seed/community.ts";
import { people } from "../../seed/people.ts";
import { type Host, type Member, plant } from "../../seed/plant.ts";
import { pick, randomFrom, sample } from "../../seed/random.ts";
import type { Seed, SeedPost } from "../../seed/seed.ts";
import { xrpc } from "../../dev/xrpc-client.ts";
import { type Account, type Client, createAccount } from "../client.ts";

/** The member with the most posts. */
const WRITER = "otto";
export const WRITER_HANDLE = `${WRITER}.test`;
/** Id of the post with many replies. */
const ROOT_POST = "root";

const OWN_POSTS = 50;
const REPLIES = 50;
/** Number of replies to the post itself. The others reply to one of these. */
const DIRECT_REPLIES = 25;
/** Additional likes for every post, so that each member has more than a page of notifications. */
const LIKES_MORE = 2;

/** The seed of the community, the same on every call. */
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
      // Not whole minutes: two notifications of the same time come in any order.
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
  /** Sorted by handle, so that the n-th is the same person on every host. */
  members: Account[];
  /** URI of the post with many replies. */
  root: string;
}

/**
 * Plants the community on a host without invites and limits. `now`: the time from which the posts count back,
 * in ms since the Unix epoch. `settle`: awaited after each post, for an index that might otherwise take in a
 * reply before its parent.
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
