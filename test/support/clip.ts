/** MP4 files from given samples, as cameras and editors write them (ISO/IEC 14496-12). */

export interface Sample {
  bytes: Uint8Array;
  duration: number;
  /** How much later it is shown than decoded. */
  shift?: number;
  sync?: boolean;
}
export interface ClipTrack {
  kind: "vide" | "soun";
  timescale: number;
  /** The box that describes the samples, within `stsd`. */
  description: Uint8Array;
  samples: Sample[];
}
export interface ClipOptions {
  /** Where the tables are. Default `last`, as cameras do. */
  tables?: "first" | "last";
  /** Whether each second is a fragment of its own, as what browsers record is. */
  fragmented?: boolean;
  /** Whether all of one track comes before all of the other. */
  apart?: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;
const text = (value: string): Bytes => Uint8Array.from(value, (char) => char.charCodeAt(0));

export function joinBytes(...parts: Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function numbers(...values: number[]): Bytes {
  const bytes = new Uint8Array(values.length * 4);
  for (const [i, value] of values.entries()) new DataView(bytes.buffer).setInt32(i * 4, value | 0);
  return bytes;
}

export const boxOf = (type: string, ...parts: Uint8Array[]): Bytes => {
  const content = joinBytes(...parts);
  return joinBytes(numbers(content.length + 8), text(type), content);
};

/** Samples that lie together in the file. */
interface Chunk {
  track: number;
  samples: Sample[];
}

/** One chunk for each second of each track, interleaved. */
function chunksOf(tracks: readonly ClipTrack[], apart: boolean): Chunk[] {
  const found: (Chunk & { second: number })[] = [];
  for (const [track, { samples, timescale }] of tracks.entries()) {
    let time = 0;
    for (const sample of samples) {
      const second = Math.floor(time / timescale);
      const last = found.at(-1);
      if (last?.track === track && last.second === second) last.samples.push(sample);
      else found.push({ track, second, samples: [sample] });
      time += sample.duration;
    }
  }
  return apart ? found : found.toSorted((a, b) => a.second - b.second);
}

const bytesOf = ({ samples }: Chunk) => joinBytes(...samples.map(({ bytes }) => bytes));

export function clipOf(tracks: readonly ClipTrack[], options: ClipOptions = {}): Bytes {
  const { tables = "last", fragmented = false, apart = false } = options;
  const chunks = chunksOf(tracks, apart);
  const begin = boxOf("ftyp", text("isom"), numbers(512), text("isomiso2mp41"));
  if (fragmented) {
    const moov = moovOf(tracks, [], true);
    return joinBytes(begin, moov, ...fragmentsOf(tracks, chunks, begin.length + moov.length));
  }
  const free = boxOf("free");
  const media = boxOf("mdat", ...chunks.map(bytesOf));
  const size = moovOf(tracks, placed(chunks, 0), false).length;
  const start = begin.length + free.length + 8 + (tables === "first" ? size : 0);
  const moov = moovOf(tracks, placed(chunks, start), false);
  return tables === "first" ? joinBytes(begin, moov, free, media) : joinBytes(begin, free, media, moov);
}

type Placed = Chunk & { offset: number };

function placed(chunks: readonly Chunk[], start: number): Placed[] {
  let next = start;
  return chunks.map((chunk) => {
    const offset = next;
    next += bytesOf(chunk).length;
    return { ...chunk, offset };
  });
}

function moovOf(tracks: readonly ClipTrack[], chunks: readonly Placed[], fragmented: boolean): Bytes {
  const traks = tracks.map((track, i) => {
    const mine = chunks.filter((chunk) => chunk.track === i);
    return trakOf(track, i + 1, mine);
  });
  const defaults = tracks.map((_, i) => boxOf("trex", numbers(0, i + 1, 1, 0, 0, 0)));
  return boxOf(
    "moov",
    boxOf("mvhd", numbers(0, 0, 0, 1000, 0, 0x10000), new Uint8Array(76)),
    // What a camera adds, and no player needs.
    boxOf("udta", boxOf("name", text("Holiday"))),
    ...traks,
    ...(fragmented ? [boxOf("mvex", ...defaults)] : []),
  );
}

function trakOf({ kind, timescale, description }: ClipTrack, id: number, chunks: readonly Placed[]): Bytes {
  const samples = chunks.flatMap((chunk) => chunk.samples);
  const syncs = samples.flatMap(({ sync = false }, i) => (sync ? [i + 1] : []));
  const stbl = boxOf(
    "stbl",
    boxOf("stsd", numbers(0, 1), description),
    boxOf("stts", numbers(0, samples.length, ...samples.flatMap(({ duration }) => [1, duration]))),
    ...(samples.some(({ shift }) => shift !== undefined)
      ? [boxOf("ctts", numbers(0, samples.length, ...samples.flatMap(({ shift = 0 }) => [1, shift])))]
      : []),
    ...(kind === "vide" ? [boxOf("stss", numbers(0, syncs.length, ...syncs))] : []),
    boxOf(
      "stsc",
      numbers(0, chunks.length, ...chunks.flatMap((chunk, i) => [i + 1, chunk.samples.length, 1])),
    ),
    boxOf("stsz", numbers(0, 0, samples.length, ...samples.map(({ bytes }) => bytes.length))),
    boxOf("stco", numbers(0, chunks.length, ...chunks.map(({ offset }) => offset))),
  );
  const header = kind === "vide" ? boxOf("vmhd", numbers(1, 0, 0)) : boxOf("smhd", numbers(0, 0));
  const dinf = boxOf("dinf", boxOf("dref", numbers(0, 1), boxOf("url ", numbers(1))));
  const tkhd = [numbers(3, 0, 0, id, 0, 0), new Uint8Array(52), numbers(320 << 16, 180 << 16)];
  return boxOf(
    "trak",
    boxOf("tkhd", ...tkhd),
    boxOf(
      "mdia",
      boxOf("mdhd", numbers(0, 0, 0, timescale, 0, 0x55c40000)),
      boxOf("hdlr", numbers(0, 0), text(kind), numbers(0, 0, 0), text("\0")),
      boxOf("minf", header, dinf, stbl),
    ),
  );
}

/** Fragments whose offsets count from the file's beginning in every other one, as old recorders have it. */
function fragmentsOf(tracks: readonly ClipTrack[], chunks: readonly Chunk[], start: number): Bytes[] {
  const times = tracks.map(() => 0);
  let next = start;
  return chunks.map((chunk, n) => {
    const { samples, track } = chunk;
    const isAbsolute = n % 2 === 1;
    const rows = samples.flatMap(({ duration, bytes, shift = 0, sync = false }) => [
      duration,
      bytes.length,
      sync || tracks[track]?.kind === "soun" ? 0x2000000 : 0x1010000,
      shift,
    ]);
    const moof = (size: number) => {
      const base = isAbsolute ? numbers(1, track + 1, 0, next) : numbers(0x20000, track + 1);
      const traf = boxOf(
        "traf",
        boxOf("tfhd", base),
        boxOf("tfdt", numbers(0, times[track] ?? 0)),
        boxOf("trun", numbers(0x1000f01, samples.length, size + 8, ...rows)),
      );
      return boxOf("moof", boxOf("mfhd", numbers(0, n + 1)), traf);
    };
    const fragment = joinBytes(moof(moof(0).length), boxOf("mdat", bytesOf(chunk)));
    times[track] = (times[track] ?? 0) + samples.reduce((sum, { duration }) => sum + duration, 0);
    next += fragment.length;
    return fragment;
  });
}
