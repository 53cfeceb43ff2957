import { beforeAll, describe, expect, test } from "vitest";
import type { BatchWrite } from "../../src/protocol/account-station.ts";
import type { Member } from "../support/account.ts";
import { bytesOf, checkRepo, newMember, post } from "../support/account.ts";
import { readHead } from "../../src/account/tree.ts";
import { recordsSince } from "../../src/account/repo-reads.ts";
import { alarmOf, ring, rowsOf, rowsReadBy } from "../support/object-access.ts";

const POST = "app.bsky.feed.post";
const RECORDS = 10_000;

let member: Member;
beforeAll(async () => {
  member = await newMember();
  for (let done = 0; done < RECORDS; done += 200) {
    const writes: BatchWrite[] = Array.from({ length: 200 }, (_, i) => ({
      action: "create",
      collection: POST,
      value: post(`a post of ordinary length, number ${done + i}, as people write them`),
    }));
    await member.account.applyWrites({ writes });
  }
}, 120_000);

describe("rows at 10,000 records", () => {
  test("a post costs 5 rows written, and 6 with its share of the alarm", async () => {
    await ring(member.did);
    let written = 0;
    let read = 0;
    const count = 20;
    for (let i = 0; i < count; i++) {
      const { cost } = await member.account.createRecord({ collection: POST, record: post(`counted ${i}`) });
      written += cost?.written ?? Infinity;
      read += cost?.read ?? Infinity;
    }
    expect(written / count).toBeLessThanOrEqual(6);
    expect(written / count).toBeGreaterThanOrEqual(3);
    expect(read / count).toBeLessThan(30);
  });

  test("a like costs one more, for the index by which its double is found", async () => {
    let written = 0;
    const count = 20;
    for (let i = 0; i < count; i++) {
      const subject = {
        uri: `at://did:plc:bob/${POST}/3kn22222222${22 + i}`,
        cid: "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a",
      };
      const { cost } = await member.account.createRecord({
        collection: "app.bsky.feed.like",
        record: { subject, createdAt: "2024-06-01T00:00:00Z" },
      });
      written += cost?.written ?? Infinity;
    }
    expect(written / count).toBeLessThanOrEqual(7);
  });

  test("a burst sets one alarm, and the alarm leaves none when all is sent", async () => {
    await ring(member.did);
    expect(await alarmOf(member.did)).toBeNull();
    await member.account.createRecord({ collection: POST, record: post("first of a burst") });
    const due = await alarmOf(member.did);
    await member.account.createRecord({ collection: POST, record: post("second of a burst") });
    expect(await alarmOf(member.did)).toBe(due);
    await ring(member.did);
    expect(await alarmOf(member.did)).toBeNull();
  });
});

describe("the whole repo", () => {
  test("exports as a CAR that checks, in order", async () => {
    const { did, account, key } = member;
    const { records } = await checkRepo(await bytesOf(await account.getRepo("public")), did, key);
    expect(records.size).toBeGreaterThanOrEqual(RECORDS);
    const paths = (await rowsOf(did, "SELECT path FROM record ORDER BY path")).map((row) => row["path"]);
    expect([...records.keys()]).toEqual(paths);
  });

  test("exports one state while four writers write, every time", async () => {
    const { did, account, key } = member;
    const write = async (writer: number, turn: number) => {
      const { uri } = await account.createRecord({ collection: POST, record: post(`${writer}, ${turn}`) });
      if (writer === 0) await account.deleteRecord({ collection: POST, rkey: uri.split("/").at(-1) ?? "" });
      // One write sorts far after what has been read, one far before it.
      await account.putRecord({ collection: "zz.example.late", rkey: `w${writer}`, record: { turn } });
      await account.putRecord({ collection: "a.example.early", rkey: `w${writer}`, record: { turn } });
    };
    for (let round = 0; round < 2; round++) {
      const before = await account.getLatestCommit("public");
      const [{ n } = { n: 0 }] = await rowsOf(did, "SELECT count(*) AS n FROM record");
      let turns = 0;
      const car = await readWith(await account.getRepo("public"), () =>
        Promise.all([0, 1, 2, 3].map((writer) => write(writer, turns++))),
      );
      expect(turns).toBeGreaterThanOrEqual(8);
      const checked = await checkRepo(car, did, key);
      expect(checked.rev).toBe(before.rev);
      expect(checked.records.size).toBe(n);
      expect(await account.getLatestCommit("public")).not.toEqual(before);
    }
  });

  test("lists 10,000 records page by page with none twice and none missing, either way", async () => {
    for (const reverse of [false, true]) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = JSON.parse(await member.account.listRecords(POST, { limit: 100, cursor, reverse })) as {
          records: { uri: string }[];
          cursor?: string;
        };
        seen.push(...page.records.map(({ uri }) => uri));
        cursor = page.cursor;
      } while (cursor !== undefined);
      const paths = await rowsOf(
        member.did,
        `SELECT path FROM record WHERE path LIKE '${POST}/%' ORDER BY path`,
      );
      const uris = paths.map((row) => `at://${member.did}/${row["path"] as string}`);
      expect(seen).toEqual(reverse ? uris : uris.reverse());
    }
  });

  test("backfills all of it in pages of about 1 MB", async () => {
    let count = 0;
    let pages = 0;
    let cursor: string | undefined;
    do {
      const page = await member.account.backfill(cursor);
      count += page.records.length;
      pages++;
      cursor = page.next;
    } while (cursor !== undefined);
    const [total] = await rowsOf(member.did, "SELECT count(*) AS n FROM record");
    expect(count).toBe(total?.["n"]);
    expect(pages).toBeGreaterThan(2);
  });

  test("since a rev: the new records and nodes only", async () => {
    const { account } = member;
    const { rev } = await account.getLatestCommit("public");
    const { uri } = await account.createRecord({ collection: POST, record: post("the news") });
    const { readCar } = await import("../../src/protocol/car.ts");
    const { roots, blocks } = readCar(await bytesOf(await account.getRepo("public", rev)));
    expect([...blocks.keys()][0]).toBe(roots[0]);
    expect(blocks.size).toBeLessThan(20);
    const proof = await account.getRecordProof("public", POST, uri.split("/").at(-1) ?? "");
    for (const cid of readCar(proof).blocks.keys()) expect(blocks.has(cid)).toBe(true);
    const latest = await account.getLatestCommit("public");
    expect(readCar(await bytesOf(await account.getRepo("public", latest.rev))).blocks.size).toBe(0);
    const recent = await account.recordsSince(rev);
    expect(recent?.posts.map((record) => record.uri)).toEqual([uri]);
  });

  test("what is newer than a rev costs rows by its own number; the newest rev costs none", async () => {
    const { did, account } = member;
    const since = (rev: string) =>
      rowsReadBy(did, (sql) => recordsSince({ sql, did, head: readHead(sql) }, rev));
    const { rev } = await account.getLatestCommit("public");
    const { rows: headOnly } = await rowsReadBy(did, readHead);
    expect((await since(rev)).rows).toBe(headOnly);
    for (let i = 0; i < 12; i++) await account.createRecord({ collection: POST, record: post(`late ${i}`) });
    const recent = await since(rev);
    expect(recent.result?.posts).toHaveLength(10);
    expect(recent.rows).toBeLessThan(100);
    // As if the whole repo had just been imported: so old a rev yields null, at a cost of few rows.
    const before = await since("2222222222222");
    expect(before.result).toBeNull();
    expect(before.rows).toBeLessThan(1100);
  });

  test("finds blocks by CID: commit, node and record", async () => {
    const { account } = member;
    const { readCar } = await import("../../src/protocol/car.ts");
    const { cid, uri } = await account.createRecord({ collection: POST, record: post("wanted") });
    const proof = readCar(await account.getRecordProof("public", POST, uri.split("/").at(-1) ?? ""));
    const cids = [...proof.blocks.keys()];
    expect(cids).toContain(cid);
    const { blocks } = readCar(await bytesOf(await account.getBlocks("public", cids)));
    expect([...blocks.keys()].toSorted()).toEqual(cids.toSorted());
  });
});

/** Reads a stream and calls `between` after every megabyte. */
async function readWith(
  stream: ReadableStream<Uint8Array>,
  between: () => Promise<unknown>,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    held += chunk.byteLength;
    if (held < 1_000_000) continue;
    held = 0;
    await between();
  }
  return bytesOf(new Blob(chunks).stream());
}
