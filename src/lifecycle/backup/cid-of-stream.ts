/** The CID of a blob's bytes, hashed by the runtime as they come. */
import { rawCidFromDigest } from "../../protocol/cid.ts";

export async function cidOfStream(bytes: ReadableStream<Uint8Array>): Promise<string> {
  const digest = new crypto.DigestStream("SHA-256");
  await bytes.pipeTo(digest);
  return rawCidFromDigest(new Uint8Array(await digest.digest));
}
