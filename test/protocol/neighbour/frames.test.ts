import { describe, expect, test } from "vitest";
import { encode } from "../../../src/protocol/cbor.ts";
import type { LexMap } from "../../../src/protocol/data-model.ts";
import {
  encodeAccountEntry,
  encodeErrorFrame,
  encodeIdentityEntry,
  encodeInfoFrame,
} from "../../../src/protocol/event-frames.ts";
import { FRAME_BYTES, readFrame } from "../../../src/protocol/neighbour/frames.ts";
import { numbered, post, SignedRepo } from "../../support/signed-repo.ts";

const did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const time = "2026-11-30T12:00:00.000Z";

const frameOf = (header: LexMap, body: LexMap): Uint8Array =>
  Uint8Array.from([...encode(header), ...encode(body)]);

describe("a frame of another host", () => {
  test("is an event, of each kind", () => {
    const repo = new SignedRepo(did);
    const commit = readFrame(repo.frame([{ path: "app.bsky.feed.post/a", record: post("hello") }], 5));
    expect(commit).toMatchObject({ kind: "event", event: { kind: "commit", seq: 5, did, rev: repo.rev } });
    expect(readFrame(repo.syncFrame(6))).toMatchObject({ event: { kind: "sync", seq: 6, rev: repo.rev } });
    const account = encodeAccountEntry({ did, time, active: false, status: "deactivated" });
    expect(readFrame(numbered(account, 7))).toMatchObject({
      event: { active: false, status: "deactivated" },
    });
    const identity = encodeIdentityEntry({ did, time, handle: "bob.test" });
    expect(readFrame(numbered(identity, 8))).toMatchObject({
      event: { kind: "identity", handle: "bob.test" },
    });
  });

  test("is what the host says of the stream", () => {
    expect(readFrame(encodeInfoFrame("OutdatedCursor", "too old"))).toEqual({
      kind: "info",
      name: "OutdatedCursor",
    });
    expect(readFrame(encodeErrorFrame("FutureCursor"))).toEqual({ kind: "error", error: "FutureCursor" });
    expect(readFrame(encodeErrorFrame("x".repeat(5000)))).toEqual({ kind: "error", error: "x".repeat(100) });
  });

  test("of a type that is not known yet is passed over", () => {
    expect(readFrame(frameOf({ op: 1, t: "#tomorrow" }, { seq: 9, anything: [1] }))).toEqual({
      kind: "other",
      type: "#tomorrow",
    });
  });

  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["no CBOR", Uint8Array.of(0xff, 0xff)],
    ["a header alone", encode({ op: 1, t: "#commit" })],
    ["a body that is no map", Uint8Array.from([...encode({ op: 1, t: "#commit" }), ...encode([1])])],
    ["an operation that is not known", frameOf({ op: 2, t: "#commit" }, { seq: 1 })],
    ["no type", frameOf({ op: 1 }, { seq: 1 })],
    ["no seq", frameOf({ op: 1, t: "#account" }, { did, time, active: true })],
    ["a seq below zero", frameOf({ op: 1, t: "#account" }, { seq: -1, did, time, active: true })],
    ["no DID", frameOf({ op: 1, t: "#account" }, { seq: 1, did: "bob", time, active: true })],
    ["bytes after its end", Uint8Array.from([...encodeInfoFrame("x"), 0])],
    ["more bytes than any frame", new Uint8Array(FRAME_BYTES + 1)],
  ])("with %s is malformed, and nothing is thrown", (_, frame) => {
    expect(readFrame(frame)).toMatchObject({ kind: "malformed" });
  });
});
