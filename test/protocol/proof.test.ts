/** A proof shows what its repo's owner signed, and nothing else passes for one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCar, writeCar } from "../../src/protocol/car.ts";
import { encode } from "../../src/protocol/cbor.ts";
import { cidOfCbor } from "../../src/protocol/cid.ts";
import { signCommit } from "../../src/protocol/commit.ts";
import type { LexMap } from "../../src/protocol/data-model.ts";
import { PROOF_BYTES, prove, provedRecord } from "../../src/protocol/mst/proof.ts";
import { isRefusal, must } from "../../src/protocol/refusal.ts";
import { damaged } from "../support/damaged.ts";
import { post, SignedRepo } from "../support/signed-repo.ts";

const DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const pathOf = (n: number) => `app.bsky.feed.post/3k${String(n).padStart(11, "a")}`;
const filled = (count: number, seed?: number) =>
  new SignedRepo(DID, seed).fill(
    Array.from({ length: count }, (_, n): [string, LexMap] => [pathOf(n), post(`post ${n}`)]),
  );

const repo = filled(200);
const asked = (path: string, key = repo.didKey) => ({ did: DID, key, path });
const refusal = (message: RegExp) => ({
  error: "InvalidRequest",
  message: expect.stringMatching(message) as string,
});

/** The archive with some blocks left out, or others put in. */
function changed(
  car: Uint8Array,
  change: (blocks: Map<string, Uint8Array>) => void,
  root?: string,
): Uint8Array {
  const { roots, blocks } = readCar(car);
  change(blocks);
  return writeCar(
    [root ?? must(roots[0], "root")],
    [...blocks].map(([cid, bytes]) => ({ cid, bytes })),
  );
}

describe("a proof", () => {
  test("shows each record of a repo as it was signed", async () => {
    for (let n = 0; n < 200; n += 7) {
      const path = pathOf(n);
      expect(await prove(repo.proof(path), asked(path))).toMatchObject({
        kind: "present",
        rev: repo.rev,
        cid: repo.cidOf(path),
        record: post(`post ${n}`),
      });
    }
  });

  test("shows that there is no record, in a full repo and in an empty one", async () => {
    const path = "app.bsky.feed.post/absent";
    const absent = { kind: "absent", rev: repo.rev };
    expect(await prove(repo.proof(path), asked(path))).toEqual(absent);
    const empty = new SignedRepo(DID);
    expect(await prove(empty.proof(path), asked(path))).toMatchObject({ kind: "absent" });
    await expect(provedRecord(repo.proof(path), asked(path))).rejects.toMatchObject(
      refusal(/no such record/),
    );
  });
});

describe("it is refused", () => {
  const path = pathOf(100);
  const good = repo.proof(path);

  test("when it is of another repo, or signed by another key", async () => {
    const other = { ...asked(path), did: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa" };
    await expect(prove(good, other)).rejects.toMatchObject(refusal(/another repo/));
    const stranger = filled(200, 8);
    const forged = prove(stranger.proof(path), asked(path));
    await expect(forged).rejects.toMatchObject(refusal(/signature/));
    await expect(prove(good, asked(path, "did:key:none"))).rejects.toMatchObject(refusal(/signature/));
  });

  test("when its commit was changed after it was signed", async () => {
    const { data, rev } = filled(201);
    const commit = signCommit({ did: DID, data, rev }, repo.key);
    const later = new Uint8Array(commit.bytes);
    // The last byte of the text of `rev`.
    const at = new TextDecoder("latin1").decode(later).indexOf(rev) + rev.length - 1;
    later[at] = "j".charCodeAt(0);
    const root = cidOfCbor(later);
    const forged = changed(good, (blocks) => blocks.set(root, later), root);
    await expect(prove(forged, asked(path))).rejects.toMatchObject(refusal(/signature/));
  });

  test("when any of its blocks is missing", async () => {
    for (const cid of readCar(good).blocks.keys()) {
      const broken = changed(good, (blocks) => blocks.delete(cid));
      await expect(prove(broken, asked(path)), cid).rejects.toMatchObject(refusal(/block is missing/));
    }
  });

  test("when another record, or none, stands in the place of its record", async () => {
    const cid = repo.cidOf(path);
    const other = encode(post("never written"));
    const moved = changed(good, (blocks) => {
      blocks.delete(cid);
      blocks.set(cidOfCbor(other), other);
    });
    await expect(prove(moved, asked(path))).rejects.toMatchObject(refusal(/block is missing/));
  });

  test("when it proves another path, for which it lacks the way", async () => {
    const far = [...repo.records.keys()].filter((each) => {
      const needed = readCar(repo.proof(each)).blocks;
      return [...needed.keys()].some((cid) => !readCar(good).blocks.has(cid));
    });
    expect(far.length).toBeGreaterThan(100);
    await expect(prove(good, asked(must(far[0], "path")))).rejects.toMatchObject(refusal(/block is missing/));
  });

  test("when it is longer than any proof", async () => {
    const long = new Uint8Array(PROOF_BYTES + 1);
    await expect(prove(long, asked(path))).rejects.toMatchObject(refusal(/more than/));
  });

  test("when its record is too large", async () => {
    const large = new SignedRepo(DID).fill([[path, { text: "x".repeat(1 << 20) }]]);
    await expect(prove(large.proof(path), asked(path))).rejects.toMatchObject(refusal(/too large/));
  });
});

test("a damaged proof never shows anything but what was signed", async () => {
  const path = pathOf(42);
  const signed = repo.cidOf(path);
  const run = async (car: Uint8Array) => {
    try {
      expect(await prove(car, asked(path))).toMatchObject({ kind: "present", cid: signed, rev: repo.rev });
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
    }
  };
  await fc.assert(fc.asyncProperty(damaged(repo.proof(path)), run), { numRuns: 300 });
});
