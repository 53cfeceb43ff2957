/**
 * Videos for players: `/watch/<did>/<cid>/playlist.m3u8`, and what it and the views name. The bytes are those of
 * the uploaded MP4, in fragments of a few seconds, in its one quality. Every client that streams from the
 * reference's video service can play them if it knows the file's codecs.
 */
import { filesOf } from "../../lifecycle/files/store.ts";
import type { BlobLocation } from "../../protocol/account-station.ts";
import type { FileStore } from "../../protocol/object/files.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import type { Services } from "../../xrpc/server/services.ts";
import { asShown, locate } from "../images.ts";
import { wanted } from "../image-paths.ts";
import { unlessBroken, unplayable } from "./boxes.ts";
import { type Movie, type Source, readMovie, weightOf } from "./movie.ts";
import { type Range, fragmentOf, initialSegment, playlistOf, segmentsOf } from "./segments.ts";

/** A dark picture, shown until the video plays. No frame can be had without decoding the video. */
const POSTER = Uint8Array.from(
  atob(
    "/9j/4AAQSkZJRgABAgAAAQABAAD/2wBDAAg+Pkk+SVVVVVVVVWRdZGhoaGRkZGRoaGhwcHCDg4NwcHBoaHBwfHyDg4+Tj4eHg4eT" +
      "k5ubm7q6srLZ2eD/////xABLAAEBAAAAAAAAAAAAAAAAAAAABwEBAAAAAAAAAAAAAAAAAAAAAhABAAAAAAAAAAAAAAAAAAAAABEB" +
      "AAAAAAAAAAAAAAAAAAAAAP/AABEIAAgAEAMBIgACEQADEQD/2gAMAwEAAhEDEQA/AJEAYv/Z",
  ),
  (char) => char.charCodeAt(0),
);

const PATH = /^\/watch\/([^/]+)\/([^/]+)\/(playlist\.m3u8|init\.mp4|thumbnail\.jpg|\d{1,5}\.m4s)$/;

/** Refuses InvalidRequest for a path that no view names, NotFound for a video that is gone or is no MP4. */
export async function video(request: Request, services: Services): Promise<Response> {
  const [, did = "", cid = "", name = ""] = PATH.exec(new URL(request.url).pathname) ?? [];
  if (name === "") throw invalidRequest("Invalid path");
  const asked = wanted(did, cid);
  const blob = await locate(services, asked);
  if (name === "thumbnail.jpg") return asShown(POSTER, "image/jpeg");
  if (!/^video\/(mp4|quicktime|x-m4v)$/.test(blob.mimeType)) throw unplayable("it is no MP4");
  return unlessBroken(() => partOf(request, services, blob, name));
}

async function partOf(
  request: Request,
  services: Services,
  blob: BlobLocation,
  name: string,
): Promise<Response> {
  const movie = await movieOf(filesOf(services.env), blob);
  if (name === "init.mp4") return asShown(initialSegment(movie), "video/mp4");
  if (name === "playlist.m3u8") return asShown(playlistOf(movie), "application/vnd.apple.mpegurl");
  const number = Number.parseInt(name, 10);
  const segment = segmentsOf(movie)[number];
  if (segment === undefined) throw new Refusal("NotFound", "Not Found", 404);
  const { head, ranges } = fragmentOf(segment, number);
  const body = request.method === "HEAD" ? null : bodyOf(services, blob, head, ranges);
  return asShown(body, "video/mp4");
}

// ------------------------------------------------------------------------------------------------ the file

/** Movies whose tables were read last. A page's requests for the parts of one come soon after another. */
const kept = new Map<string, Movie>();
const KEPT_BYTES = 12_000_000;
/** The tables that are being read, and since when (ms): a request whose client left may never end. */
const reading = new Map<symbol, { since: number; bytes: number }>();
const READING_BYTES = 6_000_000;
const READING_MS = 10_000;

/** Refuses NotFound for a file that cannot be streamed, NotEnoughResources (503). */
async function movieOf(store: FileStore, blob: BlobLocation): Promise<Movie> {
  const known = kept.get(blob.key);
  if (known !== undefined) return known;
  const mine = Symbol();
  try {
    const movie = await readMovie({ ...sourceOf(store, blob), expect: (bytes) => reserve(mine, bytes) });
    kept.set(blob.key, movie);
    let bytes = 0;
    for (const [key, each] of [...kept].toReversed()) {
      bytes += weightOf(each);
      if (bytes > KEPT_BYTES) kept.delete(key);
    }
    return movie;
  } finally {
    reading.delete(mine);
  }
}

function reserve(mine: symbol, bytes: number): void {
  const now = Date.now();
  for (const [each, { since }] of reading) if (now - since > READING_MS) reading.delete(each);
  const others = [...reading.values()].reduce((sum, other) => sum + other.bytes, 0);
  if (others + bytes > READING_BYTES) {
    throw new Refusal("NotEnoughResources", "Too many videos at once, try again", 503, {
      "retry-after": "1",
    });
  }
  reading.set(mine, { since: now, bytes });
}

/** Bytes that are read at once, so that a file whose tables come first takes one request. */
const WINDOW = 65_536;

function sourceOf(store: FileStore, { key, size }: BlobLocation): Omit<Source, "expect"> {
  let window = { start: 0, bytes: new Uint8Array() };
  return {
    size,
    async read(offset, length) {
      const at = offset - window.start;
      if (at < 0 || at + length > window.bytes.length) {
        const most = Math.min(Math.max(length, WINDOW), size - offset);
        const object = await store.get(key, { range: { offset, length: most } });
        if (object === null) throw new Refusal("NotFound", "Blob not found", 404);
        window = { start: offset, bytes: new Uint8Array(await object.arrayBuffer()) };
      }
      const from = offset - window.start;
      return window.bytes.subarray(from, from + length);
    },
  };
}

/** The segment's table, then the ranges of the file. Breaks off if the file is deleted meanwhile. */
function bodyOf(services: Services, { key }: BlobLocation, head: Uint8Array, ranges: readonly Range[]) {
  const length = ranges.reduce((sum, { start, end }) => sum + end - start, head.length);
  const { readable, writable } = new FixedLengthStream(length);
  const send = async () => {
    const writer = writable.getWriter();
    await writer.write(head);
    writer.releaseLock();
    for (const { start, end } of ranges) {
      const object = await filesOf(services.env).get(key, { range: { offset: start, length: end - start } });
      if (object === null) throw new Error("a blob that was there is gone");
      await object.body.pipeTo(writable, { preventClose: true });
    }
    await writable.close();
  };
  services.defer(send().catch((thrown: unknown) => writable.abort(thrown).catch(() => {})));
  return readable;
}
