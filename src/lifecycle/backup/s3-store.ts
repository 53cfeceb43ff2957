/**
 * The few calls of S3 that a backup makes, signed by `aws4fetch`. Addresses are path-style,
 * `https://endpoint/bucket/prefix`, which every service that speaks S3 takes.
 */
import type { AwsClient } from "aws4fetch";
import type { BackupStore, Listed, Streamed } from "./backup-store.ts";

/** The part of the client that is used, so that Node's and the Worker's types both fit. */
export type Signer = Pick<AwsClient, "fetch">;

/** Thrown when a run cannot go on; the message is for people. */
class S3Failure extends Error {}

const LISTED_AT_ONCE = 1_000;

export class S3Store implements BackupStore {
  readonly #signer: Signer;
  readonly #bucket: string;
  readonly #prefix: string;

  private constructor(signer: Signer, bucket: string, prefix: string) {
    this.#signer = signer;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  /**
   * @param address `https://endpoint/bucket/prefix?region=…`
   * @param signerFor makes the client, for a region if the address names one
   */
  static at(address: string, signerFor: (region: string | undefined) => Signer): S3Store {
    const url = new URL(address);
    const [bucket = "", ...folders] = url.pathname.split("/").filter((each) => each !== "");
    const prefix = folders.map((each) => `${each}/`).join("");
    const region = url.searchParams.get("region") ?? undefined;
    return new S3Store(signerFor(region), `${url.origin}/${bucket}`, prefix);
  }

  async put(key: string, body: Uint8Array | Streamed): Promise<void> {
    if (body instanceof Uint8Array) {
      await done("PUT", await this.#ask("PUT", key, new Uint8Array(body)));
      return;
    }
    const { readable, writable } = new FixedLengthStream(body.size);
    const headers = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "content-length": String(body.size) };
    const [answer] = await Promise.all([
      this.#ask("PUT", key, readable, headers),
      body.stream.pipeTo(writable),
    ]);
    await done("PUT", answer);
  }

  async get(key: string): Promise<Streamed | null> {
    const answer = await this.#ask("GET", key);
    if (answer.status === 404) {
      await answer.body?.cancel();
      return null;
    }
    if (!answer.ok || answer.body === null) throw await failed("GET", answer);
    return { stream: answer.body, size: Number(answer.headers.get("content-length")) };
  }

  async list(prefix: string, after: string): Promise<{ files: Listed[]; isAll: boolean }> {
    const url = new URL(this.#bucket);
    url.searchParams.set("list-type", "2");
    url.searchParams.set("max-keys", String(LISTED_AT_ONCE));
    url.searchParams.set("prefix", this.#prefix + prefix);
    if (after !== "") url.searchParams.set("start-after", this.#prefix + after);
    const answer = await this.#signer.fetch(url.href, { method: "GET" });
    if (!answer.ok) throw await failed("ListObjectsV2", answer);
    const text = await answer.text();
    const files = [...text.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)].map(([, entry = ""]) => ({
      key: plain(field(entry, "Key")).slice(this.#prefix.length),
      size: Number(field(entry, "Size")),
    }));
    return { files, isAll: field(text, "IsTruncated") !== "true" };
  }

  /** One call each: the call for many wants a digest that services disagree about. */
  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const answer = await this.#ask("DELETE", key);
      if (answer.status !== 404) await done("DELETE", answer);
    }
  }

  #ask(
    method: string,
    key: string,
    body?: BodyInit,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    // Colons of DIDs as S3 signs them.
    const path = (this.#prefix + key).split("/").map(encodeURIComponent).join("/");
    return this.#signer.fetch(`${this.#bucket}/${path}`, { method, headers, ...(body && { body }) });
  }
}

const field = (xml: string, name: string): string =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

const plain = (text: string): string =>
  text.replaceAll(/&(\w+);/g, (_, name: string) => ENTITIES[name] ?? "");

async function done(what: string, answer: Response): Promise<void> {
  if (!answer.ok) throw await failed(what, answer);
  await answer.body?.cancel();
}

async function failed(what: string, answer: Response): Promise<S3Failure> {
  const text = await answer.text().catch(() => "");
  const why = [field(text, "Code"), field(text, "Message")].filter((each) => each !== "").join(": ");
  return new S3Failure(`The storage answered ${what} with ${answer.status}${why === "" ? "" : ` (${why})`}`);
}
