/** A member's writes are visible to everybody at once, and lists contain all of them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../tools/seed/random.ts";
import { type TestHost, type TestNetwork, createTestNetwork } from "../../tools/kit/index.ts";
import { xrpc } from "../../tools/dev/xrpc-client.ts";
import type { Member, Written } from "./official-consumer.ts";
import { signUp, write } from "./official-consumer.ts";

const POST = "app.bsky.feed.post";

let network: TestNetwork;
let host: TestHost;

beforeAll(async () => {
  network = await createTestNetwork();
  host = network.host();
});
afterAll(() => network.dispose());

const post = (text: string) => ({ $type: POST, text, createdAt: new Date().toISOString() });
const create = (by: Member, collection: string, record: object) =>
  write(host, by, "createRecord", { collection, record }) as Promise<Written>;
const rkeyOf = (uri: string) => uri.slice(uri.lastIndexOf("/") + 1);

describe("what is written", () => {
  test("is read by another member at once: five hundred posts, none stale", async () => {
    const [dan, eva] = [await signUp(host, "dan"), await signUp(host, "eva")];
    const stale: string[] = [];
    const read = (by: Member, nsid: string, params: Record<string, unknown>) =>
      xrpc(host.url, nsid, { params, authorization: by.authorization });
    const pairs = async (author: Member, reader: Member, count: number) => {
      for (let i = 0; i < count; i++) {
        const { uri } = await create(author, POST, post(`post ${i}`));
        const seen =
          i % 2 === 0
            ? ((await read(reader, "app.bsky.feed.getAuthorFeed", { actor: author.did, limit: 1 })) as Feed)
                .feed[0]?.post
            : ((await read(reader, "app.bsky.feed.getPosts", { uris: uri })) as Posts).posts[0];
        if (seen?.uri !== uri) stale.push(`${author.name} ${i}: ${seen?.uri}, not ${uri}`);
      }
    };
    await Promise.all([pairs(dan, eva, 250), pairs(eva, dan, 250)]);
    expect(stale).toEqual([]);
  }, 120_000);

  test("is listed, five thousand records page by page, none twice and none missing, in both directions", async () => {
    const member = await signUp(host, "lister");
    const collection = "com.example.note";
    const keys = Array.from({ length: 5_000 }, (_, i) => `k${String((i * 2_467) % 5_000).padStart(4, "0")}`);
    for (let from = 0; from < keys.length; from += 200) {
      const writes = keys.slice(from, from + 200).map((rkey) => ({
        $type: "com.atproto.repo.applyWrites#create",
        collection,
        rkey,
        value: { text: rkey },
      }));
      await write(host, member, "applyWrites", { writes });
    }
    const random = randomFrom("pages");
    const list = async (reverse: boolean, limit: () => number): Promise<string[]> => {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const params = { repo: member.did, collection, limit: limit(), reverse, cursor };
        const page = (await xrpc(host.url, "com.atproto.repo.listRecords", { params })) as Page;
        found.push(...page.records.map(({ uri }) => rkeyOf(uri)));
        cursor = page.cursor;
      } while (cursor !== undefined);
      return found;
    };
    const ascending = keys.toSorted((a, b) => (a < b ? -1 : 1));
    expect(await list(true, () => 100)).toEqual(ascending);
    expect(await list(false, () => 100)).toEqual(ascending.toReversed());
    expect(await list(false, () => 1 + Math.floor(random() * 100))).toEqual(ascending.toReversed());
  });
});

interface Feed {
  feed: { post: Written }[];
}
interface Posts {
  posts: Written[];
}
interface Page {
  records: Written[];
  cursor?: string;
}
