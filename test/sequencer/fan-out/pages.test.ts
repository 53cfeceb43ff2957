/** Pages for replays: who shares one, and when their memory is free again. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { EventPage } from "../../../src/protocol/stations.ts";
import type { Page } from "../../../src/sequencer/fan-out/pages.ts";
import { Pages } from "../../../src/sequencer/fan-out/pages.ts";
import { SequencerObject } from "../../../src/sequencer/object.ts";
import { did, heavy, identities, newSequencer, range } from "../../support/sequencer.ts";

const SIZE = 50_000;

/** A window of single events, one a page. */
class Window {
  forgot = 0;
  readonly given: EventPage[] = [];
  readonly pages = new Pages(() => ({ page: (after: number) => this.#page(after) }) as never);

  async #page(after: number): Promise<EventPage> {
    await scheduler.wait(1);
    const seq = after + 1;
    const events = [{ seq, us: seq, frame: new Uint8Array(SIZE).fill(seq) }];
    const page = { events, last: seq, head: 100, pruned: 0, forgot: this.forgot };
    this.given.push(page);
    return page;
  }

  /** The page after `seq`, and its first byte while it was used. */
  async after(seq: number): Promise<number | undefined> {
    let first: number | undefined;
    const use = ({ batch }: Page) => {
      const { framed } = batch.parcel(REPOS, seq);
      first = framed[framed.length - 1];
    };
    await this.pages.after(seq, use);
    return first;
  }

  /** The pages that were read and are not free. */
  get held(): number[] {
    const isHeld = ({ events }: EventPage) => events.every(({ frame }) => frame.length > 0);
    return this.given.filter(isHeld).map(({ last }) => last);
  }
}

const REPOS = {
  kind: "repos" as const,
  key: "repos",
  messages: ({ frame }: { frame: Uint8Array }) => [frame],
  error: () => null,
};

test("a page is read once for all who ask soon, and those asked for longest ago are freed", async () => {
  const window = new Window();
  for (const seq of range(0, 7)) expect(await window.after(seq)).toBe(seq + 1);
  expect(await window.after(0)).toBe(1);
  expect(window.given).toHaveLength(8);
  expect(window.held).toEqual(range(1, 8));
  await window.after(8);
  expect(window.held).toEqual([1, ...range(3, 9)]);
  expect(await window.after(1)).toBe(2);
  expect(window.given).toHaveLength(10);
});

test("a deletion frees every page, and none that is handed out at that moment is lost", async () => {
  const window = new Window();
  await window.after(0);
  const asked = window.after(0);
  window.pages.heed({ head: 100, pruned: 0, forgot: 7 });
  expect(await asked).toBe(1);
  expect(window.held).toEqual([]);
  window.forgot = 7;
  expect(await window.after(0)).toBe(1);
  expect(window.held).toEqual([1]);
});

test("pages that nobody needs are freed together", async () => {
  const window = new Window();
  for (const seq of range(0, 5)) await window.after(seq);
  window.pages.clear();
  expect(window.held).toEqual([]);
  expect(await window.after(3)).toBe(4);
});

test("a page that is read twice at once is freed once, and both have it", async () => {
  const window = new Window();
  expect(await Promise.all([window.after(3), window.after(3)])).toEqual([4, 4]);
  expect(window.held).toEqual([4]);
});

test("the sequencer sends a page as one buffer, and keeps none of it", async () => {
  const sequencer = await newSequencer();
  const log = [...identities(1, 20), heavy(21, 100_000), heavy(22, 1_950_000), ...identities(23, 30)];
  for (const entry of log) await sequencer.append(did("alice"), [entry]);
  const [first, second] = [await sequencer.page(0), await sequencer.page(22)];
  expect(first.events.map(({ seq }) => seq)).toEqual(range(1, 22));
  expect(second.events.map(({ seq }) => seq)).toEqual(range(23, 30));
  for (const { events } of [first, second]) {
    const [buffer, ...others] = new Set(events.map(({ frame }) => frame.buffer));
    expect(others).toEqual([]);
    const bytes = events.reduce((sum, { frame }) => sum + frame.length, 0);
    expect(buffer?.byteLength).toBe(bytes);
  }
  await runInDurableObject(sequencer, async (instance) => {
    if (!(instance instanceof SequencerObject)) throw new Error("another object");
    const page = await instance.page(0);
    expect(page.events[21]?.frame.length).toBeGreaterThan(1_900_000);
    await scheduler.wait(5);
    expect(page.events.map(({ frame }) => frame.length)).toEqual(Array.from({ length: 22 }, () => 0));
  });
});
