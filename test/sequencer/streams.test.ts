/** What is told of the streams' readers. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { DEFAULT_SEATS } from "../../src/sequencer/seating.ts";
import type { FanOutStub, Stub } from "../support/sequencer.ts";
import { did, identities, join, newSequencer, range, readJson, seatAt, until } from "../support/sequencer.ts";

/** Readers of the firehose and of the JSON stream. */
async function counts(sequencer: Stub): Promise<number[]> {
  return (await sequencer.streams()).map(({ readers }) => readers);
}

const breakDown = (fanOut: FanOutStub) =>
  runInDurableObject(fanOut, (instance) => {
    const value = () => Promise.reject(new Error("away"));
    for (const name of ["readers", "seats"]) {
      Object.defineProperty(instance, name, { value, configurable: true });
    }
  });

test("an object that does not answer hides its own readers, and keeps nobody from coming", async () => {
  const sequencer = await newSequencer();
  const first = await seatAt(sequencer);
  for (const _ of range(1, DEFAULT_SEATS.fill)) await join(first);
  const second = await seatAt(sequencer);
  expect(second.name).not.toBe(first.name);
  const [reader, json] = [await join(second), await readJson(second)];
  expect(await counts(sequencer)).toEqual([DEFAULT_SEATS.fill + 1, 1]);
  await breakDown(first);
  await scheduler.wait(1_100);
  expect(await counts(sequencer)).toEqual([1, 1]);
  const third = await join(await seatAt(sequencer));
  await sequencer.append(did("alice"), identities(1, 1));
  await until(() => reader.events.length === 1 && third.events.length === 1 && json.entries.length === 1);
  expect([reader.seqs, third.seqs, json.entries.length]).toEqual([[1], [1], 1]);
});

test("during a deploy, sequencer, objects and edge of two versions seat readers together", async () => {
  const sequencer = await newSequencer();
  // An edge that names no promise, and a sequencer that tells none.
  const name = await (sequencer.seat as (subscriber: string | null) => Promise<string>)(null);
  const fanOut = await seatAt(sequencer);
  expect(fanOut.name).toBe(name);
  await join(fanOut);
  const asked = (fanOut.seats as (subscriber: string | null) => ReturnType<FanOutStub["seats"]>)(null);
  expect(await asked).toEqual({ readers: 1, ofSubscriber: 0 });
  expect(await counts(sequencer)).toEqual([1, 0]);
});
