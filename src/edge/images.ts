/**
 * Pictures and original blobs: `/img/<preset>/plain/<did>/<cid>@<format>`, `/blob/<did>/<cid>`. With the
 * Images binding, a picture is resized to its preset and format; without it, the original is served. Bytes
 * are checked against their CID. Whether anything still shows a blob is asked each time, so that what was
 * deleted or taken down is gone at once, whatever the local cache holds.
 */
import { filesOf } from "../lifecycle/files/store.ts";
import { createHash } from "node:crypto";
import type { BlobLocation } from "../protocol/account-station.ts";
import { bodyOf, gather } from "../protocol/body.ts";
import { cidOfRaw, rawCidFromDigest } from "../protocol/cid.ts";
import { lenders } from "../protocol/memory.ts";
import { isLetGo } from "../protocol/plan/shortage.ts";
import { Refusal, invalidRequest, isRefusal } from "../protocol/refusal.ts";
import { blobElsewhere, homeOfBlob } from "../lifecycle/elsewhere/blobs.ts";
import { byteRange } from "../xrpc/blobs/download.ts";
import type { Services } from "../xrpc/server/services.ts";
import { allowCors } from "./cors.ts";
import { PRESETS, type Wanted, parseImagePath, wanted } from "./image-paths.ts";

/**
 * Browsers keep an answer for a year, since a CID's bytes never change. Caches that others share ask again
 * after five minutes, since blobs are deleted and taken down.
 */
const CACHING = "public, max-age=31536000, s-maxage=300";
/** The local cache keeps an answer for a month; it is asked for only what is still shown. */
const KEPT = "public, max-age=2592000";
/**
 * A blob of up to this size is read whole and checked before its first byte is sent. A larger one is checked
 * while it is sent; if its bytes are wrong, the answer breaks off at its end.
 */
const CHECKED_FIRST = 4 * 1024 * 1024;

/** Most bytes of a resized picture. */
const RESIZED_MOST = 4 * 1024 * 1024;

const notFound = (message: string) => new Refusal("NotFound", message, 404);

const mayBePicture = (mimeType: string): boolean =>
  mimeType === "" || /^(image\/|application\/octet-stream$)/.test(mimeType);

/** Refuses InvalidRequest, NotFound. */
export function image(request: Request, services: Services): Promise<Response> {
  const asked = parseImagePath(new URL(request.url).pathname);
  const { did, cid, preset, format } = asked;
  return kept(request, services, asked, `/img/${preset}/plain/${did}/${cid}@${format}`, async (blob) => {
    if (!mayBePicture(blob.mimeType)) throw invalidRequest("Not an image");
    const { bytes: uploaded, mimeType } = await original(services, asked, blob);
    if (!mayBePicture(mimeType)) throw invalidRequest("Not an image");
    const { IMAGES, SHORT } = services.env;
    if (IMAGES === undefined || isLetGo(SHORT, "resizing")) {
      return { bytes: uploaded, mimeType, once: IMAGES !== undefined };
    }
    const output = await IMAGES.input(streamOf(uploaded))
      .transform(PRESETS[preset])
      .output({ format: `image/${format}` })
      .catch(() => {
        throw invalidRequest("Not an image");
      });
    const bytes = await gather(output.image(), RESIZED_MOST, lenders.reads);
    if (bytes === null) throw invalidRequest("Not an image");
    return { bytes, mimeType: output.contentType() };
  });
}

/**
 * A blob as it was uploaded, or a range of it, without which some browsers play no video. Refuses InvalidRequest,
 * NotFound.
 */
export async function blob(request: Request, services: Services): Promise<Response> {
  const [, , did = "", cid = "", ...more] = new URL(request.url).pathname.split("/");
  if (more.length > 0) throw notFound("Not Found");
  const asked = wanted(did, cid);
  const range = request.headers.get("range");
  const part = range === null ? null : await partOf(services, asked, range);
  if (part !== null) return part;
  return kept(request, services, asked, `/blob/${asked.did}/${cid}`, (found) =>
    original(services, asked, found),
  );
}

/** Null for a range that is none, which is ignored (RFC 9110, section 14.2), and for a small file elsewhere. */
async function partOf(services: Services, asked: Wanted, header: string): Promise<Response | null> {
  const place = await placeOf(services, asked);
  if ("home" in place) return null;
  const { key, size, mimeType } = place;
  const range = byteRange(header, size);
  if (range === null) return null;
  if (range === "unsatisfiable") {
    return allowCors(new Response(null, { status: 416, headers: { "content-range": `bytes */${size}` } }));
  }
  const object = await filesOf(services.env).get(key, { range });
  if (object === null) throw notFound("Blob not found");
  const part = withCaching(answer(object.body, mimeType), CACHING);
  part.headers.set("content-range", `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`);
  part.headers.set("content-length", String(range.length));
  return new Response(part.body, { status: 206, headers: part.headers });
}

// ------------------------------------------------------------------------------------------------ answers

/** Pictures, video and sound, except SVG, which is a document that may hold scripts. */
const isShown = (mimeType: string) => /^(image|video|audio)\/(?!svg)/.test(mimeType);

function answer(body: BodyInit | null, mimeType: string): Response {
  return new Response(body, {
    headers: {
      "content-type": mimeType || "application/octet-stream",
      // Content of any type must be neither executed nor sniffed, and no page may be shown that is not ours.
      "content-disposition": isShown(mimeType) ? "inline" : "attachment",
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
    },
  });
}

/** The content of an answer: bytes that have been checked, or a long file as it comes from the store. */
interface Shown {
  bytes: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  mimeType: string;
  /** Whether the next request should get another answer, so that none is cached. */
  once?: boolean;
}

/**
 * Answers from the local cache, if the blob is still shown. Otherwise makes the answer and caches it; without
 * a cache, every request makes it. A long file is not cached: the cache would take it faster than its reader,
 * and what lies between would be held.
 * @param path the answer's only name in the cache, however the request is written
 */
async function kept(
  request: Request,
  services: Services,
  asked: Wanted,
  path: string,
  make: (blob: Place) => Promise<Shown>,
): Promise<Response> {
  const key = new Request(new URL(path, services.host.origin));
  const [blob, cached] = await Promise.all([
    placeOf(services, asked),
    caches.default.match(key).catch(() => undefined),
  ]);
  if (cached !== undefined) return withCaching(cached, CACHING);
  const { bytes, mimeType, once = false } = await make(blob);
  if (request.method !== "GET") {
    if (bytes instanceof ReadableStream) await bytes.cancel();
    return asShown(null, mimeType);
  }
  if (bytes instanceof ReadableStream) return asShown(bytes, mimeType);
  if (once) return withCaching(answer(await bodyOf(bytes), mimeType), "no-store");
  const copy = withCaching(answer(bytes.slice(), mimeType), KEPT);
  services.defer(caches.default.put(key, copy).catch(() => undefined));
  return asShown(await bodyOf(bytes), mimeType);
}

/** An answer made from a blob that is still shown. */
export function asShown(body: BodyInit | null, mimeType: string): Response {
  return withCaching(answer(body, mimeType), CACHING);
}

function withCaching(response: Response, caching: string): Response {
  const open = allowCors(response);
  open.headers.set("cache-control", caching);
  return open;
}

/** Where a file is that is to be shown: in the store, or at the host of its account. */
type Place = BlobLocation | { home: string; mimeType: "" };

/** Refuses NotFound whatever the reason that it cannot be shown. */
async function placeOf(services: Services, asked: Wanted): Promise<Place> {
  try {
    return await locate(services, asked);
  } catch (thrown) {
    const home = isRefusal(thrown) && thrown.status === 404 ? await homeOfBlob(services, asked) : null;
    if (home === null) throw thrown;
    return { home, mimeType: "" };
  }
}

/** Locates a blob of an account here. Refuses NotFound whatever the reason that it cannot be shown. */
export async function locate(services: Services, { did, cid }: Wanted): Promise<BlobLocation> {
  try {
    return await services.account(did).getBlob("public", cid);
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.status < 500) throw notFound("Blob not found");
    throw thrown;
  }
}

/** The content as it was uploaded. Refuses NotFound. */
async function original(services: Services, asked: Wanted, place: Place): Promise<Shown> {
  if (!("home" in place)) {
    return { bytes: await bytesOf(services, asked, place), mimeType: place.mimeType };
  }
  const found = await blobElsewhere(services, asked, place.home);
  if (found === null) throw notFound("Blob not found");
  return found;
}

async function bytesOf(
  { env }: Services,
  { cid }: Wanted,
  { key, size }: BlobLocation,
): Promise<Shown["bytes"]> {
  const object = await filesOf(env).get(key);
  if (object === null) throw notFound("Blob not found");
  if (size > CHECKED_FIRST) return object.body.pipeThrough(checking(cid));
  const bytes = await gather(object.body, CHECKED_FIRST, lenders.reads, size);
  if (bytes === null || cidOfRaw(bytes) !== cid) throw notFound("Blob not found");
  return bytes;
}

const streamOf = (bytes: Shown["bytes"]) =>
  bytes instanceof ReadableStream ? bytes : new Blob([bytes]).stream();

/** Passes bytes through and fails at their end unless they match the CID. */
function checking(cid: string): TransformStream<Uint8Array, Uint8Array> {
  const hash = createHash("sha256");
  return new TransformStream({
    transform(chunk, controller) {
      hash.update(chunk);
      controller.enqueue(chunk);
    },
    flush(controller) {
      if (rawCidFromDigest(hash.digest()) !== cid) controller.error(new Error("bytes of another CID"));
    },
  });
}
