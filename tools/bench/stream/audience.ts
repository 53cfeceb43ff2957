/** Readers of one host: live ones, silent ones, and waves of replays, all from the first frame on. */
import { FrameReader, hashOf } from "./reader.ts";

export interface Replay {
  reader: FrameReader;
  begun: number;
  /** Frames after which it is done. */
  target: number;
  /** Milliseconds that it took; null: not done. */
  ms: number | null;
}

/** Milliseconds that the last replays are waited for. */
const PATIENCE = 120_000;

export class Audience {
  readonly live: FrameReader[];
  readonly silent: FrameReader[];
  readonly waves: Replay[][] = [];
  /** Frames that a reader had otherwise than the one that had them first. */
  wrongFrames = 0;
  readonly #origin: string;
  readonly #hashes: string[] = [];

  constructor(origin: string, live: number, silent: number) {
    this.#origin = origin;
    this.live = Array.from({ length: live }, () => this.#read((index, body) => this.#check(index, body)));
    this.silent = Array.from({ length: silent }, () => new FrameReader(origin, { silent: true }));
  }

  #read(onFrame: (index: number, body: Buffer) => void): FrameReader {
    return new FrameReader(this.#origin, { cursor: 0, onFrame });
  }

  #check(index: number, body: Buffer): void {
    const hash = hashOf(body);
    this.#hashes[index] ??= hash;
    if (this.#hashes[index] !== hash) this.wrongFrames += 1;
  }

  /** Frames that somebody has had. */
  get frames(): number {
    return this.#hashes.length;
  }

  get bytes(): number {
    return Math.max(...this.live.map(({ bytes }) => bytes));
  }

  /** Begins replays of all that the live readers have. They stay on until they have it. */
  replay(count: number): void {
    this.waves.push(Array.from({ length: count }, () => this.#begin(this.frames)));
  }

  #begin(target: number): Replay {
    const replay: Replay = {
      begun: performance.now(),
      target,
      ms: null,
      reader: this.#read((index, body) => {
        this.#check(index, body);
        if (index + 1 < target || replay.ms !== null) return;
        replay.ms = performance.now() - replay.begun;
        setTimeout(() => replay.reader.leave(), 1_000);
      }),
    };
    return replay;
  }

  /** Waits until every replay is done or cut, and every live reader has what any has. */
  async settle(): Promise<void> {
    const isDone = () =>
      this.waves.flat().every(({ ms, reader }) => ms !== null || reader.closed !== null) &&
      this.live.every(({ frames, closed }) => frames === this.frames || closed !== null);
    for (const end = Date.now() + PATIENCE; !isDone() && Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Readers that read and were cut, and in what words. */
  honestCuts(): string[] {
    const named = [
      ...this.live.map((reader) => ({ name: "live", reader })),
      ...this.waves.flat().map(({ reader }) => ({ name: "replay", reader })),
    ];
    return named
      .filter(({ reader }) => reader.closed !== null)
      .map(({ name, reader }) => `${name}: ${reader.closed}`);
  }

  /** Readers that did not come to their end, in words. */
  unfinished(): string[] {
    const replays = this.waves.flat().filter(({ ms }) => ms === null).length;
    const live = this.live.filter(({ frames }) => frames !== this.frames).length;
    return [
      ...(replays > 0 ? [`${replays} replays did not end within two minutes`] : []),
      ...(live > 0 ? [`${live} live readers lack frames`] : []),
    ];
  }

  leave(): void {
    for (const reader of [
      ...this.live,
      ...this.silent,
      ...this.waves.flat().map((replay) => replay.reader),
    ]) {
      reader.leave();
    }
  }
}

/** Readers that the host says it has cut. */
export async function cutCount(origin: string): Promise<number> {
  const response = await fetch(`${origin}/status`, { headers: { accept: "application/json" } });
  const { streams = [] } = (await response.json()) as { streams?: { cut: { TooSlow: number } }[] };
  return streams.reduce((sum, { cut }) => sum + cut.TooSlow, 0);
}
