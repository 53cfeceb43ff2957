/** What a lying host may say in a turn, and what is made of it: nothing untrue is handed on. */
import type { Did } from "@atcute/lexicons";
import { beforeEach, describe, expect, test } from "vitest";
import {
  encodeAccountEntry,
  encodeErrorFrame,
  encodeIdentityEntry,
  encodeInfoFrame,
} from "../../../src/protocol/event-frames.ts";
import { Hearing, type Hearer } from "../../../src/lifecycle/neighbours/hearing.ts";
import type { Neighbour } from "../../../src/lifecycle/neighbours/store.ts";
import { COLLECTIONS } from "../../../src/lifecycle/neighbours/audience.ts";
import type { AccountEvent } from "../../../src/protocol/events.ts";
import { numbered, post, SignedRepo, type Write } from "../../support/signed-repo.ts";

const SOUTH = "south.example";
const BOB = "did:plc:bobbobbobbobbobbobbobbob";
const CAROL = "did:plc:carolcarolcarolcarolcaro";
const ALICE = "did:plc:alicealicealicealiceali2";
const NOW = Date.parse("2026-11-30T12:00:00.000Z");
const time = new Date(NOW).toISOString();

let bob: SignedRepo;
let carol: SignedRepo;
/** What is known, what the documents say, and what a host answers when it is asked. */
let known: Map<string, Neighbour>;
let documents: Map<string, Neighbour>;
let asked: string[];
let answer: AccountEvent["status"] | "active" | null;
let hearing: Hearing;

const neighbour = (repo: SignedRepo, others: Partial<Neighbour> = {}): Neighbour => ({
  did: repo.did,
  host: SOUTH,
  key: repo.didKey,
  relation: "tracked",
  held: { rev: repo.rev, data: repo.data },
  due: null,
  failures: 0,
  checked: NOW,
  ...others,
});

beforeEach(() => {
  const old = (n: number): [string, ReturnType<typeof post>] => [
    `app.bsky.feed.post/old${n}`,
    post(`old ${n}`),
  ];
  bob = new SignedRepo(BOB, 3).fill(Array.from({ length: 20 }, (_, n) => old(n)));
  carol = new SignedRepo(CAROL, 4).fill([old(1)]);
  known = new Map([[BOB, neighbour(bob)]]);
  documents = new Map([
    [BOB, neighbour(bob)],
    [CAROL, neighbour(carol, { relation: "met", held: null })],
  ]);
  asked = [];
  answer = "active";
  const hearer: Hearer = {
    interests: {
      relation: (did) => known.get(did)?.relation ?? null,
      isMember: (did) => did === ALICE,
      hasOtherMethods: false,
      collections: COLLECTIONS,
    },
    now: () => NOW,
    known: (did) => known.get(did) ?? null,
    identify: async (did: Did) => {
      asked.push(did);
      return documents.get(did) ?? null;
    },
    confirm: async () => answer,
  };
  hearing = new Hearing(hearer, SOUTH);
});

async function hear(...frames: Uint8Array[]) {
  for (const frame of frames) await hearing.take(frame);
  const { events, invalid, accounts } = hearing.heard;
  const told = events.map((event) =>
    event.kind === "commit" ? event.ops.map(({ path }) => path) : event.kind,
  );
  return { told, invalid, bob: accounts.get(BOB) };
}

const write = (path: string, text: string): Write => ({
  path: `app.bsky.feed.post/${path}`,
  record: post(text),
});
const like = (rkey: string, of: string): Write => ({
  path: `app.bsky.feed.like/${rkey}`,
  record: {
    $type: "app.bsky.feed.like",
    subject: {
      uri: `at://${of}/app.bsky.feed.post/a`,
      cid: "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454",
    },
    createdAt: time,
  },
});

describe("of an account that is followed", () => {
  test("posts are taken in order, likes of strangers are not, and the chain is kept", async () => {
    const frames = [
      bob.frame([write("a", "one"), like("a", CAROL)], 1),
      bob.frame([like("b", CAROL)], 2),
      bob.frame([like("c", ALICE)], 3),
      bob.frame([{ path: "app.bsky.feed.post/old3", record: null }], 4),
      bob.frame([{ path: "com.example.note/a", record: { about: ALICE } }], 5),
    ];
    expect(await hear(...frames)).toEqual({
      told: [["app.bsky.feed.post/a"], ["app.bsky.feed.like/c"], ["app.bsky.feed.post/old3"]],
      invalid: 0,
      bob: neighbour(bob),
    });
    expect(asked).toEqual([]);
  });

  test("what was heard before is passed over", async () => {
    const frame = bob.frame([write("a", "one")], 1);
    expect((await hear(frame, frame)).told).toEqual([["app.bsky.feed.post/a"]]);
    known.set(BOB, neighbour(bob));
    hearing.heard.events.length = 0;
    expect(await hear(frame)).toMatchObject({ told: [], invalid: 0 });
  });

  test("a commit that does not follow has the repo fetched, and what comes after it waits", async () => {
    bob.commit([write("lost", "never heard")]);
    const heard = await hear(bob.frame([write("a", "one")], 1), bob.frame([write("b", "two")], 2));
    expect(heard).toMatchObject({ told: [], invalid: 0, bob: { due: NOW } });
  });

  test("nothing is taken before its repo was fetched", async () => {
    known.set(BOB, neighbour(bob, { held: null, due: NOW }));
    expect(await hear(bob.frame([write("a", "one")], 1))).toMatchObject({ told: [], invalid: 0 });
  });

  test("a new key counts once the document has it, and the old one no more", async () => {
    const rotated = new SignedRepo(BOB, 9);
    const frame = bob.frame([write("a", "one")], 1);
    documents.set(BOB, neighbour(bob, { key: rotated.didKey }));
    known.set(BOB, neighbour(bob, { key: rotated.didKey, held: null, relation: "met" }));
    expect(await hear(frame)).toMatchObject({ told: [], invalid: 1 });
    documents.set(BOB, neighbour(bob, { relation: "met", held: null }));
    expect(await hear(bob.frame([like("z", ALICE)], 2))).toMatchObject({
      told: [["app.bsky.feed.like/z"]],
      bob: { key: bob.didKey },
    });
  });
});

describe("a lie is dropped", () => {
  test("about a member, whatever it is signed with", async () => {
    const alice = new SignedRepo(ALICE, 5);
    documents.set(ALICE, neighbour(alice));
    const gone = numbered(encodeAccountEntry({ did: ALICE, time, active: false, status: "deleted" }), 2);
    const named = numbered(encodeIdentityEntry({ did: ALICE, time, handle: "evil.example" }), 3);
    expect(await hear(alice.frame([write("a", "forged")], 1), gone, named)).toEqual({ told: [], invalid: 3 });
    expect(asked).toEqual([]);
  });

  test("about an account that lives on another host", async () => {
    known.set(BOB, neighbour(bob, { host: "east.example" }));
    documents.set(BOB, neighbour(bob, { host: "east.example" }));
    const gone = numbered(encodeAccountEntry({ did: BOB, time, active: false, status: "deactivated" }), 2);
    expect(await hear(bob.frame([write("a", "one")], 1), gone)).toMatchObject({ told: [], invalid: 2 });
  });

  test("about an account that nobody knows", async () => {
    const nobody = new SignedRepo("did:plc:nobodynobodynobodynobody", 6);
    expect(await hear(nobody.frame([like("a", ALICE)], 1))).toMatchObject({ told: [], invalid: 1 });
  });

  test("signed by another key", async () => {
    const forger = new SignedRepo(BOB, 8).fill([["app.bsky.feed.post/old1", post("old 1")]]);
    known.set(BOB, neighbour(forger, { key: bob.didKey }));
    expect(await hear(forger.frame([write("a", "forged")], 1))).toMatchObject({ told: [], invalid: 1 });
  });

  test("that an account is deleted, when its host says otherwise or nothing", async () => {
    const gone = numbered(encodeAccountEntry({ did: BOB, time, active: false, status: "deleted" }), 1);
    expect(await hear(gone)).toMatchObject({ told: [], invalid: 1 });
    answer = null;
    expect(await hear(gone)).toMatchObject({ told: [], invalid: 2 });
    answer = "deleted";
    expect(await hear(gone)).toMatchObject({ told: ["account"] });
  });

  test("in frames that are none", async () => {
    expect(await hear(Uint8Array.of(1, 2, 3), new Uint8Array(0))).toMatchObject({ told: [], invalid: 2 });
  });
});

test("a stranger who names a member is met; their deletions are heard, and nothing else", async () => {
  const meeting = carol.frame([like("a", ALICE), write("a", "beside it")], 1);
  expect((await hear(meeting)).told).toEqual([["app.bsky.feed.like/a"]]);
  expect(hearing.heard.accounts.get(CAROL)).toMatchObject({ relation: "met", held: null });
  known.set(CAROL, neighbour(carol, { relation: "met", held: null }));
  const other = carol.frame([write("b", "about nobody")], 2);
  const gone = carol.frame([{ path: "app.bsky.feed.like/a", record: null }], 3);
  expect((await hear(other, gone)).told.slice(1)).toEqual([["app.bsky.feed.like/a"]]);
});

test("a new name is a reason to ask; if that cannot be now, it is asked later", async () => {
  const named = numbered(encodeIdentityEntry({ did: BOB, time, handle: "bobby.south.example" }), 1);
  expect(await hear(named)).toMatchObject({ told: ["identity"], invalid: 0 });
  expect(asked).toEqual([BOB]);
  documents.clear();
  expect(await hear(named)).toMatchObject({ bob: { checked: 0 } });
  const stranger = numbered(encodeIdentityEntry({ did: CAROL, time, handle: "carol.south.example" }), 1);
  expect((await hear(stranger)).told).toEqual(["identity", "identity"]);
});

test("what a host says of its stream is heard", async () => {
  await hear(encodeInfoFrame("SomethingElse"));
  expect(hearing.heard).toMatchObject({ hasGap: false, isReset: false });
  await hear(encodeInfoFrame("OutdatedCursor"), encodeErrorFrame("FutureCursor"));
  expect(hearing.heard).toMatchObject({ hasGap: true, isReset: true, invalid: 0 });
});

test("a #sync of another tree has the repo fetched, and one of this tree changes nothing", async () => {
  const same = bob.syncFrame(1);
  expect(await hear(same)).toMatchObject({ told: [], invalid: 0, bob: undefined });
  bob.commit([write("lost", "never heard")]);
  expect(await hear(bob.syncFrame(2))).toMatchObject({ told: [], invalid: 0, bob: { due: NOW } });
});
