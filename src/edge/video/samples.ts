/**
 * The samples of a track (a sample is one picture, or a few hundredths of a second of sound): where each lies
 * in the file, and when it is shown. Read from the tables of a whole file (ISO/IEC 14496-12, section 8.6 and
 * 8.7), to which fragments add theirs.
 */
import { type Box, boxWithin, unplayable } from "./boxes.ts";

/** Most samples of a track: a quarter of an hour. */
export const SAMPLES_MOST = 40_000;

/** By sample. Times are in units of the track's timescale. */
export interface Samples {
  offset: number[];
  size: number[];
  /** When it is decoded. */
  time: number[];
  duration: number[];
  /** How much later it is shown. */
  shift: number[];
  /** Whether a player can begin with it. */
  sync: boolean[];
}

export const noSamples = (): Samples => ({
  offset: [],
  size: [],
  time: [],
  duration: [],
  shift: [],
  sync: [],
});

/** When the last sample ends. */
export const endOf = ({ time, duration }: Samples) => (time.at(-1) ?? 0) + (duration.at(-1) ?? 0);

/** Reads the tables in a box `stbl`. */
export function samplesIn(view: DataView, stbl: Box): Samples {
  const samples = noSamples();
  const sizes = boxWithin(view, stbl, "stsz");
  if (sizes === null) throw unplayable("it has no table of its parts");
  const [same, count] = [view.getUint32(sizes.body + 4), view.getUint32(sizes.body + 8)];
  if (count > SAMPLES_MOST) throw unplayable("it has too many parts");
  for (let i = 0; i < count; i++) samples.size.push(same || view.getUint32(sizes.body + 12 + i * 4));
  addTimes(samples, view, stbl);
  addSyncs(samples, view, stbl);
  addOffsets(samples, view, stbl);
  return samples;
}

/** The entries of a table whose count stands at its beginning: their positions, `bytes` apart. */
function* entriesOf(view: DataView, table: Box, bytes: number): Generator<number> {
  const count = view.getUint32(table.body + 4);
  for (let i = 0, at = table.body + 8; i < count && at + bytes <= table.end; i++, at += bytes) yield at;
}

/** A run-length table: the value of each sample. */
function spread(view: DataView, table: Box | null, count: number, valueAt: (at: number) => number): number[] {
  const values: number[] = [];
  for (const at of table === null ? [] : entriesOf(view, table, 8)) {
    for (let left = view.getUint32(at); left > 0 && values.length < count; left--)
      values.push(valueAt(at + 4));
  }
  while (values.length < count) values.push(0);
  return values;
}

function addTimes(samples: Samples, view: DataView, stbl: Box): void {
  const count = samples.size.length;
  samples.duration = spread(view, boxWithin(view, stbl, "stts"), count, (at) => view.getUint32(at));
  samples.shift = spread(view, boxWithin(view, stbl, "ctts"), count, (at) => view.getInt32(at));
  let time = 0;
  for (const duration of samples.duration) {
    samples.time.push(time);
    time += duration;
  }
}

/** Without a table, a player can begin anywhere. */
function addSyncs(samples: Samples, view: DataView, stbl: Box): void {
  const table = boxWithin(view, stbl, "stss");
  samples.sync = Array<boolean>(samples.size.length).fill(table === null);
  if (table === null) return;
  for (const at of entriesOf(view, table, 4)) {
    const sample = view.getUint32(at) - 1;
    if (sample < samples.sync.length) samples.sync[sample] = true;
  }
}

/** Samples lie one after another in chunks; a table says where each chunk lies, another how many it has. */
function addOffsets({ offset, size }: Samples, view: DataView, stbl: Box): void {
  const short = boxWithin(view, stbl, "stco");
  const chunks = short ?? boxWithin(view, stbl, "co64");
  const runs = boxWithin(view, stbl, "stsc");
  if (chunks === null || runs === null) throw unplayable("it has no table of its parts");
  const changes = entriesOf(view, runs, 12);
  let change = changes.next();
  let [each, chunk] = [0, 1];
  for (const at of entriesOf(view, chunks, short === null ? 8 : 4)) {
    if (change.done !== true && view.getUint32(change.value) === chunk) {
      each = view.getUint32(change.value + 4);
      change = changes.next();
    }
    let next = short === null ? Number(view.getBigUint64(at)) : view.getUint32(at);
    for (let left = each; left > 0 && offset.length < size.length; left--) {
      const bytes = size[offset.length] ?? 0;
      offset.push(next);
      next += bytes;
    }
    chunk++;
  }
  if (offset.length < size.length) throw unplayable("some of its parts are missing");
}
