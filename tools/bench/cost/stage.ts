/** The host on which operations are counted: a small community that has written something, and a relay that listens. */
import { type TestAccount, type TestNetwork, createTestNetwork } from "../../kit/index.ts";

const NAMES = ["anna", "bert", "cleo", "dirk", "emma", "finn", "gina", "hans", "ines", "jörn"].map((name) =>
  name.normalize("NFKD").replaceAll(/[^a-z]/g, ""),
);
const POSTS = 12;

export interface Ref {
  uri: string;
  cid: string;
}

export interface Stage {
  network: TestNetwork;
  /** The one who acts. */
  anna: TestAccount;
  /** Whose posts and profile are read. */
  bert: TestAccount;
  /** Posts of all members. */
  posts: Ref[];
  /** A picture that Bert's first post shows. */
  picture: { did: string; cid: string };
}

/** A PNG of one pixel, made larger by a text chunk's worth of bytes that no reader minds. */
export const PICTURE = Buffer.concat([
  Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  ),
  Buffer.alloc(200_000, 7),
]);

export async function makeStage(): Promise<Stage> {
  const network = await createTestNetwork({ platform: "paid" });
  const members = [];
  for (const name of NAMES) members.push(await network.account(name));
  const posts: Ref[] = [];
  for (const name of NAMES) {
    const agent = network.agent(name);
    for (let i = 0; i < POSTS; i++) posts.push(await agent.post({ text: `${name} writes number ${i}` }));
    for (const other of members) if (other.did !== agent.did) await agent.follow(other.did);
    for (const post of posts.slice(-3)) await agent.like(post.uri, post.cid);
  }
  const [anna, bert] = members;
  if (anna === undefined || bert === undefined) throw new Error("the stage is empty");
  const shown = await network.agent("bert").uploadBlob(PICTURE, { encoding: "image/png" });
  const { blob } = shown.data;
  await network.agent("bert").post({
    text: "with a picture",
    embed: { $type: "app.bsky.embed.images", images: [{ image: blob, alt: "a point" }] },
  });
  // As many as a profile's page shows.
  for (let i = POSTS; i < 40; i++) await network.agent("bert").post({ text: `bert writes number ${i}` });
  // Somebody listens on every host, and each event goes out.
  network.firehose();
  await network.settle();
  return { network, anna, bert, posts, picture: { did: bert.did, cid: String(blob.ref) } };
}
