/** Bodies that arrive compressed: one coding, one layer, and the method sees what was meant. */
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { type Member, fetchHost, join, xrpc } from "../support/account-host.ts";

let member: Member;
beforeAll(async () => {
  member = await join();
});

const COLLECTION = "com.example.thing";

/** Writes a record by a body of these bytes. */
async function write(body: Uint8Array | string, encoding?: string, rkey = crypto.randomUUID()) {
  const response = await fetchHost("/xrpc/com.atproto.repo.createRecord", {
    method: "POST",
    headers: {
      authorization: member.auth,
      "content-type": "application/json",
      ...(encoding === undefined ? {} : { "content-encoding": encoding }),
    },
    body,
  });
  const { error, message } = await response.json<{ error?: string; message?: string }>();
  return { status: response.status, error, message, isThere: await isThere(rkey) };
}

const textOf = (rkey: string, value: unknown = "text") =>
  JSON.stringify({
    repo: member.did,
    collection: COLLECTION,
    rkey,
    record: { $type: COLLECTION, value },
  });

async function isThere(rkey: string): Promise<boolean> {
  const params = { repo: member.did, collection: COLLECTION, rkey };
  return (await xrpc("com.atproto.repo.getRecord", { params })).status === 200;
}

describe("a coding that is known", () => {
  test.each<[encoding: string, pack: (text: string) => Uint8Array | string]>([
    ["gzip", gzipSync],
    ["GZIP", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    [" deflate ", deflateSync],
    ["identity", (text) => text],
    ["identity, gzip", gzipSync],
    ["gzip,", gzipSync],
    ["", (text) => text],
  ])("%j is unpacked", async (encoding, pack) => {
    const rkey = crypto.randomUUID();
    expect(await write(pack(textOf(rkey)), encoding, rkey)).toEqual({
      status: 200,
      error: undefined,
      message: undefined,
      isThere: true,
    });
  });
});

describe("a coding that is not", () => {
  test.each<[encoding: string, said: string]>([
    ["br", "br"],
    ["zstd", "zstd"],
    ["compress", "compress"],
    ["gzip, gzip", "gzip, gzip"],
    ["deflate, gzip", "deflate, gzip"],
    ["gzip, br", "gzip, br"],
    ["gzip;q=1", "gzip;q=1"],
    ["toString", "tostring"],
    ["__proto__", "__proto__"],
  ])("%j is refused by its name, and writes nothing", async (encoding, said) => {
    const rkey = crypto.randomUUID();
    expect(await write(gzipSync(textOf(rkey)), encoding, rkey)).toEqual({
      status: 415,
      error: "UnsupportedMediaType",
      message: `unsupported content-encoding: ${said}`,
      isThere: false,
    });
  });
});

describe("a body that is not what its coding says", () => {
  const rkey = "never";
  const whole = () => gzipSync(textOf(rkey, "x".repeat(20_000)));
  const damaged = (at: number) => {
    const bytes = whole();
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    return bytes;
  };
  const WRONG = "The request body is not encoded as its Content-Encoding says";

  test.each<[what: string, encoding: string, body: () => Uint8Array | string]>([
    ["that is not packed at all", "gzip", () => textOf(rkey)],
    ["that is packed by the other", "gzip", () => deflateSync(textOf(rkey))],
    ["that is packed by the other", "deflate", () => gzipSync(textOf(rkey))],
    ["without the frame that the standard asks for", "deflate", () => deflateRawSync(textOf(rkey))],
    ["that breaks off in its header", "gzip", () => whole().subarray(0, 5)],
    ["that breaks off in the middle", "gzip", () => whole().subarray(0, 60)],
    ["that breaks off before its sum", "gzip", () => whole().subarray(0, -4)],
    ["of another sum", "gzip", () => damaged(whole().length - 6)],
    ["of another length", "gzip", () => damaged(whole().length - 1)],
    ["of another method", "gzip", () => damaged(2)],
  ])("%s is refused as %s, and writes nothing", async (_, encoding, body) => {
    const { status, error, message, isThere: written } = await write(body(), encoding, rkey);
    expect([status, error, written]).toEqual([400, "InvalidRequest", false]);
    expect(message).toBe(WRONG);
  });

  test("an empty one is refused as one", async () => {
    const { status, error } = await write(new Uint8Array(), "gzip", rkey);
    expect([status, error]).toEqual([400, "InvalidRequest"]);
  });
});

describe("limits are of what comes out", () => {
  test("a small body that unpacks to more than a method takes is refused as too large", async () => {
    const body = gzipSync(textOf("large", "x".repeat(4_000_000)));
    expect(body.length).toBeLessThan(10_000);
    const { status, error, isThere: written } = await write(body, "gzip", "large");
    expect([status, error, written]).toEqual([413, "PayloadTooLargeError", false]);
  });

  test("a blob is what was packed, by its size and its name", async () => {
    const text = "the same words, again and again. ".repeat(1_000);
    const upload = async (body: Uint8Array | string, encoding?: string) => {
      const response = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
        method: "POST",
        headers: {
          authorization: member.auth,
          "content-type": "text/plain",
          ...(encoding === undefined ? {} : { "content-encoding": encoding }),
        },
        body,
      });
      return { status: response.status, ...(await response.json<{ blob: object }>()) };
    };
    const plain = await upload(text);
    expect(plain.status).toBe(200);
    expect(plain.blob).toMatchObject({ size: text.length, mimeType: "text/plain" });
    for (const [encoding, pack] of [
      ["gzip", gzipSync],
      ["deflate", deflateSync],
    ] as const) {
      expect(await upload(pack(text), encoding)).toEqual(plain);
    }
  });
});
