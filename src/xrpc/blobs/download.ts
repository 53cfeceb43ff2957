/** com.atproto.sync.getBlob: a blob's bytes from R2, with headers that keep a browser from running them. */
import type { Access, BlobLocation } from "../../protocol/account-station.ts";
import type { FileStore } from "../../protocol/object/files.ts";
import { invalidRequest } from "../../protocol/refusal.ts";

/** A year, since the bytes of a CID never change. */
const IMMUTABLE = "public, max-age=31536000, s-maxage=300, immutable";

/** One range of bytes (RFC 9110, section 14), null for the whole blob, or `unsatisfiable`. */
export function byteRange(
  header: string | null,
  size: number,
): { offset: number; length: number } | null | "unsatisfiable" {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  const [, from = "", to = ""] = match ?? [];
  if (from === "" && to === "") return null;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const offset = Number(from);
  const end = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < offset) return null;
  return offset >= size ? "unsatisfiable" : { offset, length: end - offset + 1 };
}

function headersOf(cid: string, { mimeType, size }: BlobLocation, access: Access): Headers {
  return new Headers({
    "content-type": mimeType || "application/octet-stream",
    "content-length": String(size),
    "accept-ranges": "bytes",
    etag: `"${cid}"`,
    // No cache may keep what only the owner may see.
    "cache-control": access === "public" ? IMMUTABLE : "private, no-store",
    // The three that matter: no type sniffing, no rendering, and nothing to run if rendered anyway.
    "x-content-type-options": "nosniff",
    "content-disposition": `attachment; filename="${cid}"`,
    "content-security-policy": "default-src 'none'; sandbox",
  });
}

/** Serves a blob or a range. Refuses InvalidRequest `Blob not found` when R2 lost or just deleted it. */
export async function serveBlob(
  store: FileStore,
  cid: string,
  blob: BlobLocation,
  request: Request,
  access: Access,
): Promise<Response> {
  const headers = headersOf(cid, blob, access);
  if ((request.headers.get("if-none-match") ?? "").includes(cid)) {
    headers.delete("content-length");
    return new Response(null, { status: 304, headers });
  }
  const range = byteRange(request.headers.get("range"), blob.size);
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${blob.size}`);
    headers.delete("content-length");
    return new Response(null, { status: 416, headers });
  }
  const object = await store.get(blob.key, range === null ? {} : { range });
  if (object === null) throw invalidRequest("Blob not found");
  if (range === null) return new Response(object.body, { headers });
  headers.set("content-range", `bytes ${range.offset}-${range.offset + range.length - 1}/${blob.size}`);
  headers.set("content-length", String(range.length));
  return new Response(object.body, { status: 206, headers });
}
