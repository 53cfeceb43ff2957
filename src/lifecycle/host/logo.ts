/** The community's logo: one picture in the store of files, under a name from its bytes. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { Unfit } from "../../protocol/settings/unfit.ts";
import { type FileBindings, filesOf } from "../files/store.ts";

const FOLDER = "host/logo/";
const LARGEST = 200 * 1024;

/** How each kind of picture begins. SVG is none of them: it may hold scripts. */
const KINDS = [
  { ending: "png", type: "image/png", signs: [[0, "89504e470d0a1a0a"]] },
  { ending: "jpg", type: "image/jpeg", signs: [[0, "ffd8ff"]] },
  {
    ending: "webp",
    type: "image/webp",
    signs: [
      [0, "52494646"],
      [8, "57454250"],
    ],
  },
] as const;

const kindOf = (bytes: Uint8Array) =>
  KINDS.find(({ signs }) =>
    signs.every(
      ([at, sign]) => Buffer.from(bytes.subarray(at, at + sign.length / 2)).toString("hex") === sign,
    ),
  );

/** Keeps a picture, given as a `data:` URI, and returns its name. Throws `Unfit` for anything else. */
export async function storeLogo(env: FileBindings, uri: string): Promise<string> {
  const bytes = Buffer.from(uri.slice(uri.indexOf(",") + 1), "base64");
  const kind = kindOf(bytes);
  if (kind === undefined) throw new Unfit("is no picture: take a PNG, JPEG or WebP");
  if (bytes.length > LARGEST) throw new Unfit(`is larger than ${LARGEST / 1024} KB`);
  const name = `${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}.${kind.ending}`;
  await filesOf(env).put(FOLDER + name, bytes);
  return name;
}

/** Deletes every logo but the present one, also what earlier changes left. */
export async function forgetOtherLogos(env: FileBindings, name: string | null): Promise<void> {
  const files = filesOf(env);
  const { objects } = await files.list({ prefix: FOLDER });
  const others = objects.map(({ key }) => key).filter((key) => key !== `${FOLDER}${name ?? ""}`);
  if (others.length > 0) await files.delete(others);
}

/** The bytes of the picture at a name; null if there is none. */
export async function logoBytes(env: FileBindings, name: string): Promise<Uint8Array | null> {
  const object = name === "" ? null : await filesOf(env).get(FOLDER + name);
  return object === null ? null : new Uint8Array(await new Response(object.body).arrayBuffer());
}

/** The picture at a name, for ever the same; null if there is none. */
export async function readLogoFile(env: FileBindings, name: string): Promise<Response | null> {
  const kind = KINDS.find(({ ending }) => name.endsWith(`.${ending}`));
  const object = kind === undefined ? null : await filesOf(env).get(FOLDER + name);
  if (kind === undefined || object === null) return null;
  return new Response(object.body, {
    headers: {
      "content-type": kind.type,
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
    },
  });
}
