/** Sockets that wake with what this version did not attach: their readers come back, and nobody else notices. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { must } from "../../../src/protocol/refusal.ts";
import { SUBSCRIBER_HEADER } from "../../../src/protocol/stations.ts";
import {
  Consumer,
  JsonReader,
  countReaders,
  did,
  identities,
  join,
  jsonSubscription,
  newSequencer,
  range,
  seatAt,
  subscription,
  until,
} from "../../support/sequencer.ts";

/** The address of the reader whose attachment changes. */
const VICTIM = "192.0.2.1";
const OPTIONS = { collections: ["com.example.note"], dids: [], maxBytes: 0 };
const PLACE = { options: OPTIONS, afterUs: 0, awaitsHello: false };

afterEach(() => void vi.restoreAllMocks());

async function socketOf(fanOut: { fetch(request: Request): Promise<Response> }, request: Request) {
  request.headers.set(SUBSCRIBER_HEADER, VICTIM);
  return must((await fanOut.fetch(request)).webSocket, "socket");
}

/** An object with two live readers. */
async function stage() {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 2));
  const fanOut = await seatAt(sequencer);
  const bystander = await join(fanOut);
  const victim = new Consumer(await socketOf(fanOut, subscription()));
  return { sequencer, fanOut, bystander, victim };
}

const attachments: [string, unknown][] = [
  ["nothing", undefined],
  ["null", null],
  ["a number", 7],
  ["a text", "2"],
  ["a list", [2, null]],
  ["a date", new Date(0)],
  ["an object without a place", {}],
  ["the labels' form", { seq: 2 }],
  ["a seq in words", { seq: "2", json: null }],
  ["a seq below zero", { seq: -1, json: null }],
  ["a seq that is no number", { seq: Number.NaN, json: null }],
  ["half a seq", { seq: 1.5, json: null }],
  ["a large seq of another kind", { seq: 2n, json: null }],
  ["a place in words", { seq: 2, json: "all" }],
  ["a place without options", { seq: 2, json: { afterUs: 0, awaitsHello: false } }],
  ["options in words", { seq: 2, json: { ...PLACE, options: "all" } }],
  ["options that are null", { seq: 2, json: { ...PLACE, options: null } }],
  ["options without names", { seq: 2, json: { ...PLACE, options: {} } }],
  ["a name that is no text", { seq: 2, json: { ...PLACE, options: { ...OPTIONS, dids: [1] } } }],
  ["names in a text", { seq: 2, json: { ...PLACE, options: { ...OPTIONS, collections: "a" } } }],
  ["a size in words", { seq: 2, json: { ...PLACE, options: { ...OPTIONS, maxBytes: "1" } } }],
  ["options in a row that is gone", { seq: 2, json: { ...PLACE, options: 99 } }],
  ["options in a row below zero", { seq: 2, json: { ...PLACE, options: -1 } }],
  ["a cursor in words", { seq: 2, json: { ...PLACE, afterUs: "0" } }],
  ["a place without a hello", { seq: 2, json: { options: OPTIONS, afterUs: 0 } }],
];

test.each(attachments)("a socket that carries %s is told to come back", async (_, attached) => {
  const { sequencer, fanOut, bystander, victim } = await stage();
  await runInDurableObject(fanOut, (_instance, state) => {
    for (const socket of state.getWebSockets(VICTIM)) socket.serializeAttachment(attached);
  });
  await evictDurableObject(fanOut, { webSockets: "hibernate" });
  await sequencer.append(did("alice"), identities(3, 3));
  await until(() => bystander.events.length === 1 && victim.closed !== null);
  expect([bystander.seqs, bystander.closed]).toEqual([[3], null]);
  expect([victim.seqs, victim.closed?.code]).toEqual([[], 1012]);
  expect(await countReaders(fanOut)).toBe(1);
});

test("a socket whose attachment the runtime cannot read is told to come back", async () => {
  const { sequencer, fanOut, bystander, victim } = await stage();
  vi.spyOn(WebSocket.prototype, "deserializeAttachment").mockImplementationOnce(() => {
    throw new DOMException("Unable to deserialize cloned data", "DataCloneError");
  });
  await evictDurableObject(fanOut, { webSockets: "hibernate" });
  await sequencer.append(did("alice"), identities(3, 3));
  const all = [bystander, victim];
  await until(
    () => all.some(({ events }) => events.length === 1) && all.some(({ closed }) => closed !== null),
  );
  const seen = all.map(({ seqs, closed }) => ({ seqs, code: closed?.code }));
  expect(seen).toContainEqual({ seqs: [3], code: undefined });
  expect(seen).toContainEqual({ seqs: [], code: 1012 });
  expect(await countReaders(fanOut)).toBe(1);
});

describe("options in a row", () => {
  const dids = range(1, 20).map((n) => `did:plc:${String(n).padStart(24, "a")}`);
  const query = dids.map((each) => `wantedDids=${each}`).join("&");

  test.each([
    ["are no JSON", "{"],
    ["are of another form", `{"wantedDids":[]}`],
    ["are a list", "[]"],
    ["are null", "null"],
  ])("that %s cost their reader the place, and the row goes", async (_, json) => {
    const { sequencer, fanOut, bystander } = await stage();
    const victim = new JsonReader(await socketOf(fanOut, jsonSubscription(query)));
    await runInDurableObject(fanOut, (_instance, { storage }) => {
      expect(storage.sql.exec("UPDATE options SET json = ?", json).rowsWritten).toBe(1);
    });
    await evictDurableObject(fanOut, { webSockets: "hibernate" });
    await sequencer.append(did("alice"), identities(3, 3));
    await until(() => bystander.events.length === 1 && victim.closed !== null);
    expect([bystander.seqs, bystander.closed]).toEqual([[3], null]);
    expect([victim.texts, victim.closed?.code]).toEqual([[], 1012]);
    const rows = await runInDurableObject(fanOut, (_instance, { storage }) =>
      storage.sql.exec("SELECT id FROM options").toArray(),
    );
    expect(rows).toEqual([]);
  });
});
