/** Events on their way to the index: all of them, once, whoever else writes. */
import { beforeEach, expect, test } from "vitest";
import { handOn } from "../../../src/lifecycle/neighbours/handing-on.ts";
import { decodeFrame } from "../../../src/protocol/event-frames.ts";
import type { AccountEvent, SequencedEvent } from "../../../src/protocol/events.ts";
import type { AppViewStation, IngestReport } from "../../../src/protocol/stations.ts";

/** An index with a cursor and its guard. */
class Index {
  cursorNow = 0;
  readonly told: string[] = [];
  calls = 0;
  /** Events that one call takes. */
  most = 1_000;
  /** Runs before a call is looked at. */
  before: () => void = () => {};

  async cursor(): Promise<number> {
    return this.cursorNow;
  }

  async ingest(after: number, events: SequencedEvent[], stored = after): Promise<IngestReport> {
    this.calls++;
    await Promise.resolve();
    this.before();
    if (stored !== this.cursorNow) return { cursor: this.cursorNow, stored: this.cursorNow };
    for (const { seq, frame } of events.slice(0, this.most)) {
      const { did, seq: told } = decodeFrame(frame);
      expect(told).toBe(seq);
      this.told.push(did);
      this.cursorNow = seq;
    }
    return { cursor: this.cursorNow, stored: this.cursorNow };
  }
}

let index: Index;
const appview = () => index as never as AppViewStation;
const now = () => Date.parse("2026-11-30T12:00:00.000Z");
const events = (name: string, count: number) =>
  Array.from({ length: count }, (_, i): AccountEvent => ({
    kind: "account",
    seq: 3,
    did: `did:plc:${name}${i}`,
    time: "2026-11-30T12:00:00.000Z",
    active: true,
  }));
const dids = (name: string, count: number) => events(name, count).map(({ did }) => did);

beforeEach(() => {
  index = new Index();
});

test("all are handed on, in order, however few a call takes", async () => {
  index.most = 3;
  await handOn(appview(), events("a", 10), now);
  expect([index.told, index.calls]).toEqual([dids("a", 10), 4]);
  await handOn(appview(), [], now);
  expect(index.calls).toBe(4);
});

test("what two hand on at once is there, and a cursor that another moved is not taken for one's own", async () => {
  await Promise.all([handOn(appview(), events("a", 4), now), handOn(appview(), events("b", 4), now)]);
  for (const name of ["a", "b"])
    expect(index.told.filter((did) => did.includes(name))).toEqual(
      dids(name, 4).filter((did) => did.includes(name)),
    );
  expect(new Set(index.told)).toEqual(new Set([...dids("a", 4), ...dids("b", 4)]));
});

test("an index that is written without end is given up, not believed", async () => {
  index.before = () => void (index.cursorNow += 1);
  await expect(handOn(appview(), events("a", 2), now)).rejects.toThrow("somebody else");
  expect(index.told).toEqual([]);
});
