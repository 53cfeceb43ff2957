/** The samples of a file's fragments (boxes `moof`; ISO/IEC 14496-12, section 8.8). */
import { type Box, boxWithin, boxesIn, unplayable, versionAt } from "./boxes.ts";
import { SAMPLES_MOST, type Samples, endOf } from "./samples.ts";

/** Defaults of samples that say nothing themselves. */
export interface Defaults {
  duration: number;
  size: number;
  flags: number;
}

/** By track, from the boxes `trex` of the file's `mvex`. */
export function defaultsIn(view: DataView, moov: Box): Map<number, Defaults> {
  const extends_ = boxWithin(view, moov, "mvex");
  const found = new Map<number, Defaults>();
  for (const { type, body } of extends_ === null ? [] : boxesIn(view, extends_)) {
    if (type !== "trex") continue;
    const [duration, size, flags] = [12, 16, 20].map((at) => view.getUint32(body + at));
    found.set(view.getUint32(body + 4), { duration: duration ?? 0, size: size ?? 0, flags: flags ?? 0 });
  }
  return found;
}

/** Reads the numbers of a box whose flags say which are there. */
class Fields {
  readonly #view: DataView;
  readonly #flags: number;
  #at: number;

  constructor(view: DataView, box: Box, skipped: number) {
    this.#view = view;
    this.#flags = versionAt(view, box).flags;
    this.#at = box.body + 4 + skipped;
  }

  has(flag: number): boolean {
    return (this.#flags & flag) !== 0;
  }

  word(flag: number, otherwise: number): number {
    if (!this.has(flag)) return otherwise;
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  long(flag: number, otherwise: number): number {
    if (!this.has(flag)) return otherwise;
    this.#at += 8;
    return Number(this.#view.getBigUint64(this.#at - 8));
  }
}

/**
 * Adds the samples of a fragment to its tracks.
 * @param view of the `moof`, which lies at `start` in the file
 */
export function addFragment(
  tracks: ReadonlyMap<number, Samples>,
  view: DataView,
  moof: Box,
  start: number,
  defaults: ReadonlyMap<number, Defaults>,
): void {
  for (const traf of boxesIn(view, moof).filter(({ type }) => type === "traf")) {
    const header = boxWithin(view, traf, "tfhd");
    const track = header === null ? 0 : view.getUint32(header.body + 4);
    const samples = tracks.get(track);
    if (header === null || samples === undefined) continue;
    const fields = new Fields(view, header, 4);
    const base = fields.long(0x1, start);
    fields.word(0x2, 0);
    const of = defaults.get(track);
    const own = {
      duration: fields.word(0x8, of?.duration ?? 0),
      size: fields.word(0x10, of?.size ?? 0),
      flags: fields.word(0x20, of?.flags ?? 0),
    };
    const runs = boxesIn(view, traf).filter(({ type }) => type === "trun");
    let at = { offset: base, time: decodedAt(view, traf) ?? endOf(samples) };
    for (const run of runs) at = addRun(samples, view, run, { ...at, base }, own);
  }
}

/** When the first sample is decoded, if the fragment says so. */
function decodedAt(view: DataView, traf: Box): number | null {
  const box = boxWithin(view, traf, "tfdt");
  if (box === null) return null;
  const isLong = versionAt(view, box).version === 1;
  return isLong ? Number(view.getBigUint64(box.body + 4)) : view.getUint32(box.body + 4);
}

/** The flag of a sample that a player cannot begin with. */
const NOT_SYNC = 0x10000;

/** @returns where the next run begins, if it does not say so itself */
function addRun(
  samples: Samples,
  view: DataView,
  run: Box,
  from: { offset: number; time: number; base: number },
  defaults: Defaults,
): { offset: number; time: number } {
  const count = view.getUint32(run.body + 4);
  if (samples.size.length + count > SAMPLES_MOST) throw unplayable("it has too many parts");
  const fields = new Fields(view, run, 4);
  let offset = fields.has(0x1) ? from.base + (fields.word(0x1, 0) | 0) : from.offset;
  let { time } = from;
  const first = fields.word(0x4, defaults.flags);
  for (let i = 0; i < count; i++) {
    const duration = fields.word(0x100, defaults.duration);
    const size = fields.word(0x200, defaults.size);
    const flags = fields.word(0x400, i === 0 ? first : defaults.flags);
    samples.offset.push(offset);
    samples.size.push(size);
    samples.time.push(time);
    samples.duration.push(duration);
    samples.shift.push(fields.word(0x800, 0) | 0);
    samples.sync.push((flags & NOT_SYNC) === 0);
    offset += size;
    time += duration;
  }
  return { offset, time };
}
