/** What is written is read: by everybody, at once, each record once. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { randomFrom } from "../../local/seed/random.ts";
import type { Member } from "./account-host.ts";
import { join, xrpc } from "./account-host.ts";

const POST = "app.bsky.feed.post";
const NOTE = "com.example.note";

beforeAll(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterAll(() => {
  vi.restoreAllMocks();
});

async function post(by: Member, text: string): Promise<string> {
  const record = { $type: POST, text, createdAt: new Date().toISOString() };
  const input = { repo: by.did, collection: POST, record };
  const { status, body } = await xrpc("com.atproto.repo.createRecord", { auth: by.auth, input });
  expect(status).toBe(200);
  return String(body.uri);
}

interface Post {
  uri: string;
}

async function getPosts(by: Member, uri: string): Promise<Post[]> {
  const { body } = await xrpc("app.bsky.feed.getPosts", { auth: by.auth, params: { uris: uri } });
  return body.posts as Post[];
}

async function newestOf(author: Member, by: Member): Promise<Post | undefined> {
  const params = { actor: author.did, limit: "1" };
  const { body } = await xrpc("app.bsky.feed.getAuthorFeed", { auth: by.auth, params });
  return (body.feed as { post: Post }[])[0]?.post;
}

test("five hundred posts are seen by another member in the next read, none stale", async () => {
  const [ann, bea] = [await join(), await join()];
  const stale: string[] = [];
  const pairs = async (author: Member, reader: Member, count: number) => {
    for (let i = 0; i < count; i++) {
      const uri = await post(author, `post ${i}`);
      const seen = i % 2 === 0 ? await newestOf(author, reader) : (await getPosts(reader, uri))[0];
      if (seen?.uri !== uri) stale.push(`${i} of ${author.handle}: ${seen?.uri}, not ${uri}`);
    }
  };
  await Promise.all([pairs(ann, bea, 250), pairs(bea, ann, 250)]);
  expect(stale).toEqual([]);
});

test("five thousand records are listed page by page, none twice and none missing, in both directions", async () => {
  const member = await join();
  const keys = Array.from({ length: 5_000 }, (_, i) => `k${String((i * 2_467) % 5_000).padStart(4, "0")}`);
  for (let from = 0; from < keys.length; from += 200) {
    const writes = keys.slice(from, from + 200).map((rkey) => ({
      $type: "com.atproto.repo.applyWrites#create",
      collection: NOTE,
      rkey,
      value: { text: rkey },
    }));
    const input = { repo: member.did, writes };
    expect((await xrpc("com.atproto.repo.applyWrites", { auth: member.auth, input })).status).toBe(200);
  }
  const random = randomFrom("pages");
  const list = async (reverse: boolean, limit: () => number): Promise<string[]> => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await xrpc("com.atproto.repo.listRecords", {
        params: {
          repo: member.did,
          collection: NOTE,
          limit: String(limit()),
          reverse: String(reverse),
          ...(cursor === undefined ? {} : { cursor }),
        },
      });
      found.push(...(body.records as Post[]).map(({ uri }) => uri.slice(uri.lastIndexOf("/") + 1)));
      cursor = body.cursor as string | undefined;
    } while (cursor !== undefined);
    return found;
  };
  const ascending = keys.toSorted((a, b) => (a < b ? -1 : 1));
  expect(await list(true, () => 100)).toEqual(ascending);
  expect(await list(false, () => 100)).toEqual(ascending.toReversed());
  expect(await list(false, () => 1 + Math.floor(random() * 100))).toEqual(ascending.toReversed());
});
