/** A member to move, with several kinds of records, pictures and preferences. */
import { createHash } from "node:crypto";
import { HostClient } from "../../tools/migrate/host-client.ts";
import { tidFromMicros } from "../../src/protocol/tid.ts";

export interface Mover {
  did: string;
  handle: string;
  email: string;
  password: string;
  client: HostClient;
}

export async function signUp(origin: string, handle: string): Promise<Mover> {
  const client = new HostClient(origin);
  const email = `${handle.replaceAll(".", "-")}@example.com`;
  const password = `password of ${handle}`;
  const session = await client.json<Parameters<typeof client.adopt>[0]>("com.atproto.server.createAccount", {
    input: { handle, email, password },
  });
  client.adopt(session);
  await client.login(handle, password);
  return { did: session.did, handle, email, password, client };
}

/** Bytes that no other blob has. Every fiftieth picture is nearly as large as allowed. */
function picture(n: number): Uint8Array {
  const size = n % 50 === 0 ? 1_900_000 : 2_000 + n * 10;
  const bytes = Buffer.alloc(size, createHash("sha256").update(`picture ${n}`).digest());
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(bytes);
  return bytes;
}

export const PREFERENCES = [
  { $type: "app.bsky.actor.defs#adultContentPref", enabled: false },
  { $type: "app.bsky.actor.defs#personalDetailsPref", birthDate: "1990-05-04T00:00:00.000Z" },
  {
    $type: "app.bsky.actor.defs#savedFeedsPrefV2",
    items: [{ id: "3kabc", type: "timeline", value: "following", pinned: true }],
  },
];

/** Writes posts, the first ones with one blob each; then likes and posts alternate; a follow comes last. */
export async function fill(mover: Mover, records: number, blobs: number, friend: string): Promise<string[]> {
  const { client, did } = mover;
  const cids: string[] = [];
  const images: object[] = [];
  for (let n = 0; n < blobs; n++) {
    const body = { bytes: picture(n), type: "image/png" };
    const { blob } = await client.json<{ blob: { ref: { $link: string } } }>("com.atproto.repo.uploadBlob", {
      body,
    });
    images.push(blob);
    cids.push(blob.ref.$link);
  }
  const createdAt = new Date().toISOString();
  for (let at = 0; at < records; at += 200) {
    const writes = Array.from({ length: Math.min(200, records - at) }, (_, i) => {
      const n = at + i;
      const image = images[n];
      const embed = image && { $type: "app.bsky.embed.images", images: [{ image, alt: `picture ${n}` }] };
      const value =
        n % 3 === 2 && !embed
          ? {
              $type: "app.bsky.feed.like",
              subject: { uri: `at://${did}/app.bsky.feed.post/${key(0)}`, cid: CID },
              createdAt,
            }
          : { $type: "app.bsky.feed.post", text: `post ${n}`, createdAt, ...(embed ? { embed } : {}) };
      return { $type: "com.atproto.repo.applyWrites#create", collection: value.$type, rkey: key(n), value };
    });
    if (at + writes.length === records) {
      const value = { $type: "app.bsky.graph.follow", subject: friend, createdAt };
      writes[writes.length - 1] = {
        $type: "com.atproto.repo.applyWrites#create",
        collection: "app.bsky.graph.follow",
        rkey: key(at + writes.length - 1),
        value,
      } as never;
    }
    await client.json("com.atproto.repo.applyWrites", { input: { repo: did, validate: true, writes } });
  }
  await client.json("app.bsky.actor.putPreferences", { input: { preferences: PREFERENCES } });
  return cids;
}

const key = (n: number) => tidFromMicros(Date.UTC(2025, 0, 1) * 1000 + n, 0);
const CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";
