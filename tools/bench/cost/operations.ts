/** Operations of members and others, one by one, so that the cost of each can be counted. */
import { PICTURE, type Stage } from "./stage.ts";

export interface Operation {
  /** For people. */
  label: string;
  /** The row of docs/bench/community.json that has what it reads and computes in a large community. */
  read?: string;
  run(stage: Stage, time: number): Promise<unknown>;
}

const anna = ({ network }: Stage) => network.agent("anna");

const postAt = ({ posts }: Stage, time: number) => {
  const post = posts[time % posts.length];
  if (post === undefined) throw new Error("the stage has no posts");
  return post;
};

/** The DID of somebody whom nobody here knows. */
const strangerAt = (time: number) => `did:plc:${"a".repeat(23)}${"abcdefghijklmnopqrstuvwxyz".charAt(time)}`;

/** Gets a page or a file as a guest does, and reads it to its end. */
async function get({ network }: Stage, path: string): Promise<void> {
  const response = await fetch(new URL(path, network.url), { headers: { accept: "text/html,image/*" } });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
}

const call = (stage: Stage, nsid: string, call: object) => stage.network.host().xrpc(nsid, call);

export const OPERATIONS = {
  post: { label: "a post", run: (stage, time) => anna(stage).post({ text: `counted ${time}` }) },
  reply: {
    label: "a reply",
    run: (stage, time) => {
      const post = postAt(stage, time);
      return anna(stage).post({ text: `answered ${time}`, reply: { root: post, parent: post } });
    },
  },
  picture: {
    label: "a post with a picture",
    run: async (stage, time) => {
      const bytes = Buffer.concat([PICTURE, Buffer.from(`${time}`)]);
      const { data } = await anna(stage).uploadBlob(bytes, { encoding: "image/png" });
      const images = [{ image: data.blob, alt: "" }];
      await anna(stage).post({ text: `${time}`, embed: { $type: "app.bsky.embed.images", images } });
    },
  },
  like: {
    label: "a like",
    run: (stage, time) => {
      const { uri, cid } = postAt(stage, 20 + time);
      return anna(stage).like(uri, cid);
    },
  },
  repost: {
    label: "a repost",
    run: (stage, time) => {
      const { uri, cid } = postAt(stage, 60 + time);
      return anna(stage).repost(uri, cid);
    },
  },
  follow: { label: "a follow", run: (stage, time) => anna(stage).follow(strangerAt(time)) },
  deletion: {
    label: "a deletion",
    run: async (stage) => {
      const agent = anna(stage);
      const { data } = await agent.com.atproto.repo.listRecords({
        repo: agent.assertDid,
        collection: "app.bsky.feed.like",
        limit: 1,
      });
      await agent.deleteLike(data.records[0]?.uri ?? "");
    },
  },
  timeline: {
    label: "a timeline",
    read: "getTimeline",
    run: (stage) => anna(stage).getTimeline({ limit: 50 }),
  },
  notifications: {
    label: "the notifications",
    read: "listNotifications",
    run: (stage) => anna(stage).listNotifications({ limit: 40 }),
  },
  unread: { label: "the number of unread ones", run: (stage) => anna(stage).countUnreadNotifications() },
  feed: {
    label: "a member's posts",
    read: "getAuthorFeed",
    run: (stage) => anna(stage).getAuthorFeed({ actor: stage.bert.did, limit: 30 }),
  },
  thread: {
    label: "a thread",
    read: "getPostThread",
    run: (stage, time) => anna(stage).getPostThread({ uri: postAt(stage, time).uri }),
  },
  profile: {
    label: "a profile",
    read: "getProfile",
    run: (stage) => anna(stage).getProfile({ actor: stage.bert.did }),
  },
  search: {
    label: "a search",
    read: "searchPosts",
    run: (stage) => anna(stage).app.bsky.feed.searchPosts({ q: "writes", limit: 25 }),
  },
  record: {
    label: "a record, by a stranger",
    run: (stage, time) => {
      const [, , repo, collection, rkey] = postAt(stage, time).uri.split("/");
      return call(stage, "com.atproto.repo.getRecord", { params: { repo, collection, rkey } });
    },
  },
  homePage: { label: "the front page, for a guest", read: "getAuthorFeed", run: (stage) => get(stage, "/") },
  profilePage: {
    label: "a profile's page, for a guest",
    read: "getAuthorFeed",
    run: (stage) => get(stage, `/profile/${stage.bert.handle}`),
  },
  postPage: {
    label: "a post's page, for a guest",
    read: "getPostThread",
    run: (stage, time) =>
      get(stage, postAt(stage, time).uri.replace("at://", "/profile/").replace("app.bsky.feed.post", "post")),
  },
  image: {
    label: "a picture",
    run: ({ picture: { did, cid }, ...stage }) =>
      get({ picture: { did, cid }, ...stage }, `/img/feed_thumbnail/plain/${did}/${cid}@jpeg`),
  },
  signIn: {
    label: "a sign-in by password",
    run: (stage) =>
      call(stage, "com.atproto.server.createSession", {
        input: { identifier: stage.anna.handle, password: stage.anna.password },
      }),
  },
  signUp: { label: "a sign-up", run: (stage, time) => stage.network.account(`newcomer${time}`) },
  schedule: { label: "a run of the schedule", run: ({ network }) => network.host().runSchedule() },
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;

export const OPERATION_NAMES = Object.keys(OPERATIONS) as OperationName[];
