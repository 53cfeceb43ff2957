/** The two pictures of a profile, as a form sends them: the page's script has made them small and upright. */
import { filesOf } from "../../../lifecycle/files/store.ts";
import type { Blob } from "@atcute/lexicons";
import { Buffer } from "node:buffer";
import { uploadBlob } from "../../../xrpc/blobs/upload.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import type { Fields } from "../../forms.ts";
import type { MemberVisit } from "../visit.ts";

export const FACES = ["avatar", "banner"] as const;
export type FaceName = (typeof FACES)[number];

/** The largest of each (app.bsky.actor.profile). */
const LARGEST = 1_000_000;
/** The most of a form with both, and its texts. */
export const FORM_BYTES = 2 * LARGEST + 64 * 1024;

/** How their first bytes tell PNG and JPEG, the only kinds that a profile may have. */
const KINDS: readonly [type: string, magic: readonly number[]][] = [
  ["image/png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", [0xff, 0xd8, 0xff]],
];

/** "keep": as it was; "wrong": it is no picture that a profile may have, or too large. */
export type Sent = Blob | "keep" | "none" | "wrong";

export async function faceIn(
  { services, reader }: MemberVisit,
  fields: Fields,
  name: FaceName,
): Promise<Sent> {
  const [, base64 = ""] = (fields.get(name) ?? "").split(";base64,");
  if (base64 === "") return fields.has(`no-${name}`) ? "none" : "keep";
  const bytes = Buffer.from(base64, "base64");
  const type = KINDS.find(([, magic]) => magic.every((byte, i) => bytes[i] === byte))?.[0];
  if (type === undefined || bytes.byteLength > LARGEST) return "wrong";
  const { did } = reader.member;
  const request = new Request(services.host.origin, {
    method: "POST",
    headers: { "content-type": type, "content-length": String(bytes.byteLength) },
    body: bytes,
  });
  try {
    return await uploadBlob(filesOf(services.env), services.account(did), did, request, LARGEST);
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.status < 429) return "wrong";
    throw thrown;
  }
}
