/** Pictures of cards: shown from this host alone, and kept with the post. */
import { filesOf } from "../../../lifecycle/files/store.ts";
import type { Blob } from "@atcute/lexicons";
import { bodyOf } from "../../../protocol/body.ts";
import { fetchPublic } from "../../../identity/outbound.ts";
import { Refusal, isRefusal } from "../../../protocol/refusal.ts";
import { uploadBlob } from "../../../xrpc/blobs/upload.ts";
import { consumeForMember } from "../../../xrpc/server/rate-limits.ts";
import type { Services } from "../../../xrpc/server/services.ts";
import type { MemberVisit } from "../visit.ts";
import { linkOf } from "../addresses.ts";

/** The largest picture of a card (app.bsky.embed.external). */
const THUMB_BYTES = 1_000_000;
/** The largest that is read, to be made small. */
const READ_BYTES = 5_000_000;
const TIMEOUT_MS = 5_000;
const WIDTH = 1_000;

const TYPES = /^image\/(png|jpeg|webp|gif|avif)$/;

interface Picture {
  bytes: Uint8Array;
  type: string;
}

/** Null if there is none at the address that may be read. */
async function read({ env, host }: Services, address: string): Promise<Picture | null> {
  try {
    const { status, headers, body } = await fetchPublic(address, {
      local: env.LOCAL === "1",
      headers: { accept: "image/*", "user-agent": `Atoll (link cards; +${host.origin})` },
      redirects: 3,
      maxBytes: READ_BYTES,
      timeoutMs: TIMEOUT_MS,
    });
    const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    return status === 200 && TYPES.test(type) ? { bytes: body, type } : null;
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}

/** `GET /app/card/picture?u=…`: the picture of a card that is being looked at. Refuses NotFound, RateLimitExceeded. */
export async function showCardPicture({ services, reader, url }: MemberVisit): Promise<Response> {
  const address = linkOf(url.searchParams.get("u"));
  if (address === null) throw new Refusal("NotFound", "No picture", 404);
  await consumeForMember(services, reader.member.did, "card");
  const picture = await read(services, address);
  if (picture === null) throw new Refusal("NotFound", "No picture", 404);
  return new Response(await bodyOf(picture.bytes), {
    headers: {
      "content-type": picture.type,
      "cache-control": "private, max-age=300",
      "content-security-policy": "default-src 'none'; sandbox",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
    },
  });
}

/** Fetches a picture for a card whose writer's browser made none, and keeps it; null if there is none small enough. */
export async function keepPicture({ services, reader }: MemberVisit, address: string): Promise<Blob | null> {
  const { did } = reader.member;
  await consumeForMember(services, did, "card");
  const picture = await read(services, address);
  const small = picture === null ? null : await madeSmall(services, picture);
  if (small === null) return null;
  const request = new Request(services.host.origin, {
    method: "POST",
    headers: { "content-type": small.type, "content-length": String(small.bytes.byteLength) },
    body: small.bytes.slice(),
  });
  try {
    return await uploadBlob(filesOf(services.env), services.account(did), did, request, THUMB_BYTES);
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}

/** As it is, if it is small; else by the platform's Images, if the host has them. */
async function madeSmall({ env }: Services, picture: Picture): Promise<Picture | null> {
  if (picture.bytes.byteLength <= THUMB_BYTES && /^image\/(png|jpeg|webp)$/.test(picture.type))
    return picture;
  if (env.IMAGES === undefined) return null;
  try {
    const output = await env.IMAGES.input(new Response(picture.bytes.slice()).body ?? new ReadableStream())
      .transform({ width: WIDTH, height: WIDTH, fit: "scale-down" })
      .output({ format: "image/jpeg" });
    const bytes = new Uint8Array(await new Response(output.image()).arrayBuffer());
    return bytes.byteLength <= THUMB_BYTES ? { bytes, type: "image/jpeg" } : null;
  } catch {
    return null;
  }
}
