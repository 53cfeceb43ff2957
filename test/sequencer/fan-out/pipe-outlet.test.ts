/** Readers at pipes, whose ends take bytes when the test says so. */
import { describe, expect, test, vi } from "vitest";
import type { StreamedEvent } from "../../../src/protocol/events.ts";
import type { Cut } from "../../../src/protocol/stations.ts";
import { Batch } from "../../../src/sequencer/fan-out/batch.ts";
import type { Page, Pages } from "../../../src/sequencer/fan-out/pages.ts";
import { PipeOutlet } from "../../../src/sequencer/fan-out/pipe/pipe-outlet.ts";
import type { Pipe } from "../../../src/sequencer/fan-out/pipe/pipe.ts";
import { Reader } from "../../../src/sequencer/fan-out/reader.ts";
import { Readers } from "../../../src/sequencer/fan-out/readers.ts";
import { range, until } from "../../support/sequencer.ts";

/** A pipe whose writes wait until they are taken. */
class PipeDouble {
  /** The writes as they were given. */
  readonly given: Uint8Array[] = [];
  readonly taken: Uint8Array[] = [];
  #waiting: { bytes: Uint8Array; done: () => void }[] = [];
  isOpen = true;
  ended: { code: number; reason: string } | null = null;

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.given.push(bytes);
      // Freed bytes that are on their way are the runtime's.
      this.#waiting.push({ bytes: bytes.slice(), done: resolve });
      if (this.isOpen) this.drain();
    });
  }

  drain(): void {
    for (const { bytes, done } of this.#waiting.splice(0)) {
      this.taken.push(bytes);
      done();
    }
  }

  end(code: number, reason: string): void {
    this.ended = { code, reason };
  }

  /** The seqs of the frames taken; each event's frame says its own. */
  get seqs(): number[] {
    return this.taken.flatMap((bytes) => framesIn(bytes));
  }
}

const SIZE = 100_000;

const event = (seq: number): StreamedEvent => {
  const frame = new Uint8Array(SIZE);
  new DataView(frame.buffer).setUint32(0, seq);
  return { seq, us: seq * 1000, frame };
};

function framesIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Ten bytes of head each: the size takes eight.
  return range(0, bytes.length / (SIZE + 10) - 1).map((n) => view.getUint32(n * (SIZE + 10) + 10));
}

/** A window of `events` that grows. */
class Stage {
  head = 0;
  readonly #all: StreamedEvent[] = [];
  pagesRead = 0;
  /** Times that all pages were freed. */
  cleared = 0;
  readonly readers: Readers;
  readonly cuts: Cut[] = [];
  silence = 1_000;

  constructor() {
    const after = async (seq: number, use: (page: Page) => void): Promise<void> => {
      this.pagesRead += 1;
      await scheduler.wait(1);
      const events = this.#after(seq).slice(0, 3);
      const batch = new Batch(events, events.at(-1)?.seq ?? this.head);
      use({ batch, head: this.head, pruned: 0, forgot: 0 });
      batch.free();
    };
    const clear = () => void (this.cleared += 1);
    this.readers = new Readers({ after, clear } as Pages, () => 1_000_000_000);
  }

  write(count = 1): void {
    this.tell(this.head, count);
  }

  /** Writes, and tells the readers all events after `after`. */
  tell(after: number, count: number): void {
    this.skip(count);
    const events = this.#after(after);
    this.cuts.push(...this.readers.deliver(after, events).cuts);
  }

  /** Copies, as from another object. */
  #after(after: number): StreamedEvent[] {
    const later = this.#all.filter(({ seq }) => seq > after);
    return later.map((each) => ({ ...each, frame: each.frame.slice() }));
  }

  /** Writes without telling the readers. */
  skip(count: number): void {
    const before = this.head;
    this.head += count;
    this.#all.push(...range(before + 1, this.head).map(event));
  }

  join(seq: number): { pipe: PipeDouble; reader: Reader } {
    const pipe = new PipeDouble();
    const outlet = new PipeOutlet(pipe as never as Pipe, () => this.silence);
    const reader = new Reader(outlet, { id: null, subscriber: null }, { seq, json: null }, () => {});
    this.readers.add(reader, this.head);
    return { pipe, reader };
  }
}

describe("a crowd at pipes", () => {
  test("is told a batch in one write, and each event once, wherever a reader stands", async () => {
    const stage = new Stage();
    const crowd = range(1, 80).map(() => stage.join(0));
    stage.skip(1);
    // What came before its cursor is not told again.
    const late = stage.join(1);
    stage.tell(0, 2);
    for (const { pipe } of crowd) {
      expect(pipe.seqs).toEqual([1, 2, 3]);
      expect(pipe.taken).toHaveLength(1);
    }
    expect(late.pipe.seqs).toEqual([2, 3]);
    expect(late.pipe.taken).toHaveLength(1);
    expect(stage.pagesRead).toBe(0);
  });

  test("has what its object was not given, before what comes after", async () => {
    const stage = new Stage();
    const crowd = range(1, 64).map(() => stage.join(0));
    stage.write(3);
    stage.skip(1);
    stage.write(1);
    expect(crowd.every(({ pipe }) => String(pipe.seqs) === "1,2,3")).toBe(true);
    await until(() => crowd.every(({ pipe }) => String(pipe.seqs) === "1,2,3,4,5"));
    expect(crowd.every(({ pipe }) => String(pipe.seqs) === "1,2,3,4,5")).toBe(true);
  });
});

describe("a reader at a pipe", () => {
  test("is told at once while it takes what it is sent", async () => {
    const stage = new Stage();
    const { pipe } = stage.join(0);
    for (let n = 0; n < 30; n++) {
      stage.write();
      await scheduler.wait(0);
    }
    expect(pipe.seqs).toEqual(range(1, 30));
    expect(stage.pagesRead).toBe(0);
  });

  test("that is slow is held to a bound, falls behind, and is caught up at its own pace", async () => {
    const stage = new Stage();
    const { pipe, reader } = stage.join(0);
    pipe.isOpen = false;
    for (let n = 0; n < 100; n++) {
      stage.write();
      if (n % 10 === 0) await scheduler.wait(1);
    }
    const most = 1_000_000 + 3 * SIZE;
    expect(reader.outlet.unread(0)).toBeLessThan(most);
    // Now and then it takes all that waits, and never has it been sent more than the bound.
    for (let n = 0; n < 200 && pipe.seqs.length < 100; n++) {
      pipe.drain();
      await scheduler.wait(5);
      expect(reader.outlet.unread(0)).toBeLessThan(most);
    }
    expect(pipe.seqs).toEqual(range(1, 100));
    pipe.isOpen = true;
    pipe.drain();
    stage.write(5);
    await until(() => pipe.seqs.length === 105);
    expect(pipe.seqs).toEqual(range(1, 105));
    expect(pipe.ended).toBeNull();
  });

  test("that takes a little now and then is never cut, and one that takes nothing is, after a while", async () => {
    const stage = new Stage();
    stage.silence = 150;
    const [slow, silent] = [stage.join(0), stage.join(0)];
    slow.pipe.isOpen = false;
    silent.pipe.isOpen = false;
    for (let n = 0; n < 60; n++) {
      stage.write();
      await scheduler.wait(10);
      if (n % 5 === 0) slow.pipe.drain();
    }
    await until(() => silent.pipe.ended !== null);
    expect(silent.pipe.ended).toEqual({ code: 1008, reason: "ConsumerTooSlow" });
    expect(silent.pipe.seqs).toEqual([]);
    expect(slow.pipe.ended).toBeNull();
    expect(stage.readers.size).toBe(1);
    slow.pipe.isOpen = true;
    slow.pipe.drain();
    await until(() => slow.pipe.seqs.length === 60);
    expect(slow.pipe.seqs).toEqual(range(1, 60));
    stage.write();
    expect(stage.cuts).toEqual([{ kind: "repos", why: "TooSlow", count: 1 }]);
  });

  test("that has nothing to take is not silent, however long", async () => {
    const stage = new Stage();
    stage.silence = 20;
    const { pipe } = stage.join(0);
    stage.write();
    await scheduler.wait(60);
    stage.write();
    await scheduler.wait(60);
    expect([pipe.seqs, pipe.ended]).toEqual([[1, 2], null]);
  });
});

test("replays of one place share what is made of their pages", async () => {
  const stage = new Stage();
  stage.write(9);
  const joined = range(1, 20).map(() => stage.join(0));
  await until(() => joined.every(({ pipe }) => pipe.seqs.length === 9));
  const [first] = joined;
  for (const { pipe } of joined) expect(pipe.seqs).toEqual(range(1, 9));
  // Nobody is behind, so no page is kept.
  await until(() => stage.cleared > 0);
  expect(stage.cleared).toBeGreaterThan(0);
  // Three pages, one for each: what is shared are the bytes of a batch, as the next test shows.
  expect(first?.pipe.taken).toHaveLength(3);
});

test("a batch is framed once for all its readers", () => {
  const batch = new Batch(range(1, 3).map(event), 3);
  const encode = vi.spyOn(Uint8Array.prototype, "set");
  try {
    const [one, two] = [new Stage().join(0), new Stage().join(0)];
    one.reader.take(batch, 0);
    const before = encode.mock.calls.length;
    two.reader.take(batch, 0);
    expect(encode.mock.calls.length).toBe(before);
    expect(one.pipe.given[0]).toBe(two.pipe.given[0]);
  } finally {
    encode.mockRestore();
  }
});
