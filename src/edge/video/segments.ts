/**
 * A movie as a playlist of fragments (HTTP Live Streaming, RFC 8216; ISO/IEC 14496-12, section 8.8). Nothing is
 * coded anew: a segment's bytes are ranges of the file, behind a new table of what lies in them.
 */
import {
  type Box,
  box,
  boxAt,
  boxWithin,
  boxesIn,
  joined,
  long,
  textBytes,
  unplayable,
  viewOf,
  words,
  wordsOf,
} from "./boxes.ts";
import { type Movie, STBL, type Track, idIn } from "./movie.ts";
import { endOf } from "./samples.ts";

export interface Segment {
  /** In seconds. */
  duration: number;
  /** The samples of each track, `to` exclusive. */
  parts: { track: Track; from: number; to: number }[];
}

/** A range of the file, `end` exclusive. */
export interface Range {
  start: number;
  end: number;
}

/** A segment is at least so long, if the pictures allow it. */
const SECONDS = 4;

/** Most segments of a playlist: some three hours. */
const SEGMENTS_MOST = 3000;

/** Each segment begins with a picture that needs none before it. */
export function segmentsOf({ tracks }: Movie): Segment[] {
  const [lead] = tracks;
  const { time, sync } = lead.samples;
  const starts = [0];
  for (const [i, at] of time.entries()) {
    const begun = time[starts.at(-1) ?? 0] ?? 0;
    if (sync[i] === true && at - begun >= SECONDS * lead.timescale) starts.push(i);
  }
  if (starts.length > SEGMENTS_MOST) throw unplayable("it is too long");
  return starts.map((start, n) => {
    const next = starts[n + 1];
    const begins = (time[start] ?? 0) / lead.timescale;
    const ends = (next === undefined ? endOf(lead.samples) : (time[next] ?? 0)) / lead.timescale;
    const parts = tracks.map((track) => {
      if (track === lead) return { track, from: start, to: next ?? time.length };
      const from = n === 0 ? 0 : sampleAt(track, begins);
      return { track, from, to: next === undefined ? track.samples.time.length : sampleAt(track, ends) };
    });
    return { duration: ends - begins, parts: parts.filter(({ from, to }) => to > from) };
  });
}

/** The first sample at `seconds` or later. */
function sampleAt({ samples: { time }, timescale }: Track, seconds: number): number {
  let [low, high] = [0, time.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((time[middle] ?? 0) < seconds * timescale) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function playlistOf(movie: Movie): string {
  const segments = segmentsOf(movie);
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    `#EXT-X-TARGETDURATION:${Math.max(1, ...segments.map(({ duration }) => Math.round(duration)))}`,
    "#EXT-X-PLAYLIST-TYPE:VOD",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    '#EXT-X-MAP:URI="init.mp4"',
    ...segments.map(({ duration }, n) => `#EXTINF:${duration.toFixed(5)},\n${n}.m4s`),
    "#EXT-X-ENDLIST",
    "",
  ].join("\n");
}

// ------------------------------------------------------------------------------------------- the first segment

/** The initial segment, which a player needs before any other: the tracks, without their tables. */
export function initialSegment({ header, tracks }: Movie): Uint8Array {
  const view = viewOf(header);
  const moov = boxAt(view, 0, header.length);
  const kept = boxesIn(view, moov).flatMap((part) => {
    if (part.type === "mvhd") return [sliceOf(header, part)];
    const tkhd = part.type === "trak" ? boxWithin(view, part, "tkhd") : null;
    if (tkhd === null || !tracks.some(({ id }) => id === idIn(view, tkhd))) return [];
    return [emptied(header, view, part, ["trak", ...STBL])];
  });
  const defaults = tracks.map(({ id }) => box("trex", words(0, id, 1, 0, 0, 0)));
  const brands = box("ftyp", textBytes("iso6"), words(1), textBytes("iso5iso6mp41"));
  return joined([brands, box("moov", ...kept, box("mvex", ...defaults))]);
}

const sliceOf = (bytes: Uint8Array, { start, end }: Box) => bytes.subarray(start, end);

/** The parts of a track that a player needs; all else, such as names and previews, is left out. */
const NEEDED = new Set(["tkhd", "edts", "mdia", "mdhd", "hdlr", "minf", "vmhd", "smhd", "dinf", "stbl"]);
const EMPTY_TABLES = [
  box("stts", words(0, 0)),
  box("stsc", words(0, 0)),
  box("stsz", words(0, 0, 0)),
  box("stco", words(0, 0)),
];

/** Copies a box; at the end of `path` lies the table of samples, of which only their description is kept. */
function emptied(bytes: Uint8Array, view: DataView, outer: Box, [, ...path]: string[]): Uint8Array {
  const inner = boxesIn(view, outer);
  if (path.length === 0) {
    const kinds = inner.filter(({ type }) => type === "stsd");
    return box(outer.type, ...kinds.map((kind) => sliceOf(bytes, kind)), ...EMPTY_TABLES);
  }
  const parts = inner.filter(({ type }) => NEEDED.has(type));
  return box(
    outer.type,
    ...parts.map((part) => (part.type === path[0] ? emptied(bytes, view, part, path) : sliceOf(bytes, part))),
  );
}

// ------------------------------------------------------------------------------------------- other segments

const SYNC = 0x2000000;
const NOT_SYNC = 0x1010000;
/** Ranges that lie so near each other are read as one. */
const NEAR = 65_536;

/**
 * The segment's table, which comes first, and the ranges of the file that follow it. Refuses NotFound if the
 * samples are strewn over the file.
 */
export function fragmentOf({ parts }: Segment, n: number): { head: Uint8Array; ranges: Range[] } {
  const ranges = rangesOf(parts);
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const moof = (at: (offset: number) => number) =>
    box("moof", box("mfhd", words(0, n + 1)), ...parts.map((part) => trackFragment(part, at)));
  const size = moof(() => 0).length;
  const table = moof((offset) => size + 8 + positionIn(ranges, offset));
  return { head: joined([table, words(bytes + 8), textBytes("mdat")]), ranges };
}

function rangesOf(parts: Segment["parts"]): Range[] {
  let wanted = 0;
  const spans = parts.map(({ track: { samples }, from, to }) => {
    let [start, end] = [Infinity, 0];
    for (let i = from; i < to; i++) {
      const [offset, size] = [samples.offset[i] ?? 0, samples.size[i] ?? 0];
      start = Math.min(start, offset);
      end = Math.max(end, offset + size);
      wanted += size;
    }
    return { start, end };
  });
  const ranges: Range[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = ranges.at(-1);
    if (last !== undefined && span.start <= last.end + NEAR) last.end = Math.max(last.end, span.end);
    else ranges.push(span);
  }
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  if (bytes > 4 * wanted + 1_000_000) throw unplayable("its parts are strewn over the file");
  return ranges;
}

/** Where an offset of the file lies, among the bytes of the ranges. */
function positionIn(ranges: readonly Range[], offset: number): number {
  let before = 0;
  for (const { start, end } of ranges) {
    if (offset >= start && offset <= end) return before + offset - start;
    before += end - start;
  }
  return before;
}

function trackFragment({ track, from, to }: Segment["parts"][number], at: (offset: number) => number) {
  const { offset, size, time, duration, shift, sync } = track.samples;
  const runs: Uint8Array[] = [];
  for (let start = from; start < to;) {
    let end = start + 1;
    while (end < to && offset[end] === (offset[end - 1] ?? 0) + (size[end - 1] ?? 0)) end++;
    const rows: number[] = [];
    for (let i = start; i < end; i++) {
      rows.push(duration[i] ?? 0, size[i] ?? 0, sync[i] === true ? SYNC : NOT_SYNC, shift[i] ?? 0);
    }
    runs.push(box("trun", words(0x1000f01, end - start, at(offset[start] ?? 0)), wordsOf(rows)));
    start = end;
  }
  return box(
    "traf",
    box("tfhd", words(0x20000, track.id)),
    box("tfdt", words(0x1000000, ...long(time[from] ?? 0))),
    ...runs,
  );
}
