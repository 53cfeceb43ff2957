/**
 * An MP4 file as a player needs it: its tracks and their samples. Only the tables are read, by ranges; pictures
 * and sound stay where they are.
 */
import {
  type Box,
  HEADER_MOST,
  boxAt,
  boxWithin,
  boxesIn,
  textAt,
  unplayable,
  versionAt,
  viewOf,
} from "./boxes.ts";
import { addFragment, defaultsIn } from "./fragments.ts";
import { type Samples, samplesIn } from "./samples.ts";

export interface Track {
  id: number;
  isVideo: boolean;
  /** Units of time in a second. */
  timescale: number;
  samples: Samples;
}

export interface Movie {
  /** The first track of pictures, then the first of sound; at least one. */
  tracks: [Track, ...Track[]];
  /** The box `moov`. */
  header: Uint8Array;
}

/** A file that is read by ranges. */
export interface Source {
  size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Told how many bytes of tables will be read, before they are. May refuse. */
  expect(bytes: number): void;
}

/** Bytes of memory that a movie takes, about: six numbers for each sample. */
export const weightOf = ({ header, tracks }: Movie): number =>
  tracks.reduce((sum, { samples }) => sum + samples.size.length * 48, header.buffer.byteLength);

/** Most bytes of a file's tables; a quarter of an hour has a third of it. */
const TABLES_MOST = 2_000_000;
/** Most boxes that are looked at, each of which may be a request to the store. */
const BOXES_MOST = 600;

/** Refuses NotFound for a file that is no such MP4. Throws RangeError for some that are cut off. */
export async function readMovie(source: Source): Promise<Movie> {
  const boxes = await boxesOf(source);
  const moov = boxes.find(({ type }) => type === "moov");
  if (moov === undefined) throw unplayable("it is no MP4");
  const fragments = boxes.filter(({ type }) => type === "moof");
  const bytes = [moov, ...fragments].reduce((sum, { start, end }) => sum + end - start, 0);
  if (bytes > TABLES_MOST) throw unplayable("its tables are too large");
  source.expect(bytes);
  const header = await table(source, moov);
  const view = viewOf(header);
  const whole = boxAt(view, 0, header.length);
  const tracks = tracksIn(view, whole);
  const defaults = defaultsIn(view, whole);
  const samples = new Map(tracks.map((track) => [track.id, track.samples]));
  for (const fragment of fragments) {
    const moof = viewOf(await table(source, fragment));
    addFragment(samples, moof, boxAt(moof, 0, moof.byteLength), fragment.start, defaults);
  }
  const [lead, ...more] = tracks.filter(({ samples: { size } }) => size.length > 0);
  if (lead === undefined) throw unplayable("it has neither pictures nor sound");
  for (const { samples: each } of [lead, ...more]) checkWithin(each, source.size);
  return { tracks: [lead, ...more], header };
}

function checkWithin({ offset, size }: Samples, end: number): void {
  const isWithin = offset.every((at, i) => at >= 0 && at + (size[i] ?? 0) <= end);
  if (!isWithin) throw unplayable("it is not whole");
}

const table = (source: Source, { start, end }: Box) => source.read(start, end - start);

/** The outermost boxes of the file. */
async function boxesOf(source: Source): Promise<Box[]> {
  const found: Box[] = [];
  for (let at = 0; at + 8 <= source.size; at = found.at(-1)?.end ?? source.size) {
    if (found.length === BOXES_MOST) throw unplayable("it has too many parts");
    const head = viewOf(await source.read(at, Math.min(HEADER_MOST, source.size - at)));
    const box = boxAt(head, 0, source.size - at);
    found.push({ type: box.type, start: at, body: at + box.body, end: at + box.end });
  }
  return found;
}

const KINDS: Readonly<Record<string, boolean>> = { vide: true, soun: false };

/** The first track of pictures and the first of sound. */
function tracksIn(view: DataView, moov: Box): Track[] {
  const found: Track[] = [];
  for (const trak of boxesIn(view, moov)) {
    if (trak.type !== "trak") continue;
    const [header, media, handler, stbl] = [["tkhd"], ["mdia", "mdhd"], ["mdia", "hdlr"], STBL].map((path) =>
      boxWithin(view, trak, ...path),
    );
    if (!header || !media || !handler || !stbl) continue;
    const isVideo = KINDS[textAt(view, handler.body + 8)];
    if (isVideo === undefined || found.some((track) => track.isVideo === isVideo)) continue;
    const timescale = view.getUint32(media.body + (versionAt(view, media).version === 1 ? 20 : 12));
    if (timescale === 0) throw unplayable("it has no time");
    found.push({ id: idIn(view, header), isVideo, timescale, samples: samplesIn(view, stbl) });
  }
  return found.toSorted((a, b) => Number(b.isVideo) - Number(a.isVideo));
}

export const STBL = ["mdia", "minf", "stbl"];

/** The number of a track, from its `tkhd`. */
export const idIn = (view: DataView, header: Box) =>
  view.getUint32(header.body + (versionAt(view, header).version === 1 ? 20 : 12));
