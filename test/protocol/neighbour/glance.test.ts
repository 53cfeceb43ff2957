import { describe, expect, test } from "vitest";
import { encode } from "../../../src/protocol/cbor.ts";
import type { LexMap } from "../../../src/protocol/data-model.ts";
import { encodeAccountEntry, encodeErrorFrame, encodeInfoFrame } from "../../../src/protocol/event-frames.ts";
import { glance, type Interests, type Relation } from "../../../src/protocol/neighbour/glance.ts";
import { numbered, post, SignedRepo } from "../../support/signed-repo.ts";

const BOB = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const CAROL = "did:plc:carolcarolcarolcarolcaro";
const ALICE = "did:plc:alicealicealicealiceali2";
const WEB = "did:web:dora.example.com";
const time = "2026-11-30T12:00:00.000Z";

const relations = new Map<string, Relation>([[CAROL, "tracked"]]);
const interests: Interests = {
  relation: (did) => relations.get(did) ?? null,
  isMember: (did) => did === ALICE,
  hasOtherMethods: false,
  collections: new Set(["app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.graph.follow"]),
};
const withWeb: Interests = {
  ...interests,
  isMember: (did) => did === ALICE || did === WEB,
  hasOtherMethods: true,
};

let seq = 0;
function looked(path: string, record: LexMap | null, by = BOB, listens = interests) {
  const repo = new SignedRepo(by as typeof BOB).fill([["app.bsky.feed.post/old", post("old")]]);
  const frame = repo.frame([{ path, record }], ++seq);
  return glance(frame, listens);
}

const like = (uri: string): LexMap => ({
  $type: "app.bsky.feed.like",
  subject: { uri, cid: "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454" },
  createdAt: time,
});

describe("a glance passes over", () => {
  test("what an unknown account writes about nobody here", () => {
    expect(looked("app.bsky.feed.post/a", post("hello"))).toEqual({ seq, did: BOB, wanted: null });
    expect(looked("app.bsky.feed.like/a", like(`at://${CAROL}/app.bsky.feed.post/a`)).wanted).toBeNull();
  });

  test("what names a member in a collection that is not shown", () => {
    expect(looked("com.example.note/a", { about: ALICE }).wanted).toBeNull();
  });

  test("what an unknown account deletes, and what becomes of it", () => {
    expect(looked("app.bsky.feed.post/old", null).wanted).toBeNull();
    const gone = encodeAccountEntry({ did: BOB, time, active: false, status: "deleted" });
    expect(glance(numbered(gone, 9), interests)).toEqual({ seq: 9, did: BOB, wanted: null });
    expect(glance(new SignedRepo(BOB).syncFrame(10), interests)).toEqual({ seq: 10, did: BOB, wanted: null });
  });

  test("an author who is a member of the same name as their repo", () => {
    const isMember = (did: string) => did === BOB;
    expect(looked("app.bsky.feed.post/a", post("hello"), BOB, { ...interests, isMember }).wanted).toBeNull();
  });
});

describe("a glance stops at", () => {
  test("whatever a tracked account does", () => {
    expect(looked("com.example.note/a", { a: 1 }, CAROL).wanted).toBe("tracked");
    expect(looked("app.bsky.feed.post/old", null, CAROL).wanted).toBe("tracked");
    const account = encodeAccountEntry({ did: CAROL, time, active: true });
    expect(glance(numbered(account, 9), interests).wanted).toBe("tracked");
  });

  test("what an account does of which a record is held", () => {
    const met: Interests = { ...interests, relation: () => "met" };
    expect(looked("app.bsky.feed.post/old", null, BOB, met).wanted).toBe("met");
  });

  test.each<[string, string, LexMap]>([
    ["a like of a member's post", "app.bsky.feed.like/a", like(`at://${ALICE}/app.bsky.feed.post/a`)],
    ["a follow of a member", "app.bsky.graph.follow/a", { subject: ALICE, createdAt: time }],
    [
      "a mention behind others",
      "app.bsky.feed.post/a",
      { text: `${CAROL} ${CAROL}`, facets: [{ did: ALICE }] },
    ],
  ])("%s", (_, path, record) => {
    expect(looked(path, record)).toEqual({ seq, did: BOB, wanted: "meeting" });
  });

  test("a member of another method, wherever the DID ends", () => {
    for (const record of [
      like(`at://${WEB}/app.bsky.feed.post/a`),
      { subject: WEB, text: "follows" },
      { a: WEB, bb: 1 },
    ])
      expect(looked("app.bsky.graph.follow/a", record, BOB, withWeb).wanted).toBe("meeting");
    expect(
      looked("app.bsky.graph.follow/a", { subject: "did:web:dora.example" }, BOB, withWeb).wanted,
    ).toBeNull();
  });

  test("what says something of the stream, is not known, or is no frame", () => {
    const other = Uint8Array.from([...encode({ op: 1, t: "#tomorrow" }), ...encode({ seq: 4, did: BOB })]);
    expect(glance(other, interests)).toEqual({ seq: 4, did: BOB, wanted: "odd" });
    for (const odd of [
      encodeInfoFrame("OutdatedCursor"),
      encodeErrorFrame("FutureCursor"),
      Uint8Array.of(1, 2, 3),
      new Uint8Array(0),
      encode({ op: 1, t: "#commit" }),
      new SignedRepo(BOB).frame([], 3).subarray(0, 200),
    ])
      expect(glance(odd, interests).wanted).toBe("odd");
  });
});
