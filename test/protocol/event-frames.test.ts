import { describe, expect, test } from "vitest";
import { writeCar } from "../../src/protocol/car.ts";
import { decode, decodeFirst, encode, toBytes } from "../../src/protocol/cbor.ts";
import { cidOfCbor } from "../../src/protocol/cid.ts";
import {
  decodeFrame,
  encodeAccountEntry,
  encodeCommitEntry,
  encodeErrorFrame,
  encodeIdentityEntry,
  encodeInfoFrame,
  encodeSyncEntry,
  spliceSeq,
  type EncodedEntry,
} from "../../src/protocol/event-frames.ts";
import type { LexMap } from "../../src/protocol/data-model.ts";

const did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const time = "2026-11-22T10:00:00.000Z";
const cid = cidOfCbor(encode({ a: 1 }));
const prev = cidOfCbor(encode({ a: 2 }));
const rev = "3jzfcijpj2z2b";
const blocks = writeCar([cid], [{ cid, bytes: encode({ a: 1 }) }]);
const commit = {
  did,
  time,
  commit: cid,
  rev,
  since: "3jzfcijpj2z2a",
  prevData: prev,
  ops: [
    { action: "create", path: "a.b.c/1", cid },
    { action: "update", path: "a.b.c/2", cid, prev },
    { action: "delete", path: "a.b.c/3", cid: null, prev },
  ],
  blocks,
} as const;

const numbered = ({ frame, seqAt }: EncodedEntry, seq: number) => spliceSeq(frame, seqAt, seq);
/** The frame as a consumer of the lexicon would encode it. */
const frame = (t: string, body: LexMap) => Uint8Array.from([...encode({ op: 1, t }), ...encode(body)]);

const SEQS = [0, 1, 23, 24, 255, 256, 65_536, 2 ** 32, Number.MAX_SAFE_INTEGER];

describe("a spliced frame is the canonical encoding of the whole event", () => {
  test("#commit", () => {
    const entry = encodeCommitEntry({ ...commit, ops: [...commit.ops] });
    for (const seq of SEQS)
      expect(numbered(entry, seq)).toEqual(
        frame("#commit", {
          seq,
          rebase: false,
          tooBig: false,
          repo: did,
          commit: { $link: cid },
          rev,
          since: "3jzfcijpj2z2a",
          blocks: toBytes(blocks),
          ops: [
            { action: "create", path: "a.b.c/1", cid: { $link: cid } },
            { action: "update", path: "a.b.c/2", cid: { $link: cid }, prev: { $link: prev } },
            { action: "delete", path: "a.b.c/3", cid: null, prev: { $link: prev } },
          ],
          blobs: [],
          prevData: { $link: prev },
          time,
        }),
      );
  });

  test("a first #commit has since null and no prevData", () => {
    const { prevData: _, ...rest } = commit;
    const first = encodeCommitEntry({ ...rest, since: null, ops: [] });
    const [, body] = decodeFirst(numbered(first, 1));
    const fields = decode(body);
    expect(fields).toMatchObject({ since: null, ops: [] });
    expect(fields).not.toHaveProperty("prevData");
  });

  test("#sync, #identity, #account", () => {
    for (const seq of SEQS) {
      expect(numbered(encodeSyncEntry({ did, time, rev, blocks }), seq)).toEqual(
        frame("#sync", { seq, did, time, rev, blocks: toBytes(blocks) }),
      );
      expect(numbered(encodeIdentityEntry({ did, time }), seq)).toEqual(
        frame("#identity", { seq, did, time }),
      );
      expect(numbered(encodeIdentityEntry({ did, time, handle: "a.test" }), seq)).toEqual(
        frame("#identity", { seq, did, time, handle: "a.test" }),
      );
      expect(numbered(encodeAccountEntry({ did, time, active: true }), seq)).toEqual(
        frame("#account", { seq, did, time, active: true }),
      );
      expect(numbered(encodeAccountEntry({ did, time, active: false, status: "takendown" }), seq)).toEqual(
        frame("#account", { seq, did, time, active: false, status: "takendown" }),
      );
    }
  });
});

describe("a frame", () => {
  test("comes back as its event", () => {
    const entry = encodeCommitEntry({ ...commit, ops: [...commit.ops] });
    expect(decodeFrame(numbered(entry, 7))).toEqual({ kind: "commit", seq: 7, ...commit });
    expect(decodeFrame(numbered(encodeSyncEntry({ did, time, rev, blocks }), 8))).toEqual({
      kind: "sync",
      seq: 8,
      did,
      time,
      rev,
      blocks,
    });
    expect(decodeFrame(numbered(encodeIdentityEntry({ did, time, handle: "a.test" }), 9))).toEqual({
      kind: "identity",
      seq: 9,
      did,
      time,
      handle: "a.test",
    });
    expect(
      decodeFrame(numbered(encodeAccountEntry({ did, time, active: false, status: "deleted" }), 10)),
    ).toEqual({ kind: "account", seq: 10, did, time, active: false, status: "deleted" });
  });

  test("of info or error has its header", () => {
    const info = encodeInfoFrame("OutdatedCursor", "too old");
    const [header, body] = decodeFirst(info);
    expect([header, decode(body)]).toEqual([
      { op: 1, t: "#info" },
      { name: "OutdatedCursor", message: "too old" },
    ]);
    const [errorHeader, errorBody] = decodeFirst(encodeErrorFrame("FutureCursor"));
    expect([errorHeader, decode(errorBody)]).toEqual([{ op: -1 }, { error: "FutureCursor" }]);
  });

  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["one item", encode({ op: 1, t: "#commit" })],
    ["an error", encodeErrorFrame("FutureCursor")],
    ["info", encodeInfoFrame("OutdatedCursor")],
    ["no seq", frame("#identity", { did, time })],
    ["an unknown type", frame("#other", { seq: 1, did, time })],
    ["a DID that is none", frame("#identity", { seq: 1, did: "alice", time })],
    ["a missing field", frame("#sync", { seq: 1, did, time, rev })],
    ["an unnumbered entry", encodeIdentityEntry({ did, time }).frame],
    [
      "ops that are none",
      frame("#commit", {
        seq: 1,
        repo: did,
        time,
        commit: { $link: cid },
        rev,
        since: null,
        blocks: toBytes(blocks),
        ops: [1],
      }),
    ],
    [
      "an action that is none",
      frame("#commit", {
        seq: 1,
        repo: did,
        time,
        commit: { $link: cid },
        rev,
        since: null,
        blocks: toBytes(blocks),
        ops: [{ action: "x", path: "a", cid: null }],
      }),
    ],
  ])("is refused: %s", (_, bytes) => {
    expect(() => decodeFrame(bytes)).toThrow(
      expect.objectContaining({ error: "InvalidRequest", status: 400 }),
    );
  });
});
