/**
 * Where the Worker reads and writes files. With an R2 bucket: there, and what was stored before there was one is
 * found where it is still held. Without: in the accounts' objects, and the host's own in DIRECTORY.
 */
import type { AccountStation } from "../../protocol/account-station.ts";
import {
  type ByteRange,
  type FileBody,
  type FileList,
  type FileStore,
  type FileUpload,
  type StoredFile,
  fileBody,
} from "../../protocol/object/files.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { foundSizes, type FoundSizes } from "../numbers/sizes.ts";
import { HostFiles } from "./host-files.ts";

export type FileBindings = Pick<Bindings<AccountStation>, "BLOBS" | "ACCOUNT" | "DIRECTORY" | "PLAN">;

export const filesOf = (env: FileBindings): FileStore =>
  env.BLOBS === undefined ? new HeldFiles(env) : new MovedFiles(env, env.BLOBS);

/** Bytes of an account's object, and on the free plan of all objects together, less what repos still need. */
const MOST = { free: 4.5e9, paid: 9e9 } as const;

const isHosts = (key: string): boolean => key.startsWith("host/");
/** Files of an account are under its DID. */
const isAccounts = (key: string): boolean => key.startsWith("did:");
const ownerOf = (key: string): string => key.slice(0, key.indexOf("/"));

const noBucket = () => new Refusal("NotEnoughResources", "This host has no R2 bucket, which this needs", 501);

/** The store of a host without a bucket. */
class HeldFiles implements FileStore {
  readonly #env: FileBindings;
  readonly #host: HostFiles;

  constructor(env: FileBindings) {
    this.#env = env;
    this.#host = new HostFiles(env.DIRECTORY);
  }

  #account(key: string): AccountStation {
    return this.#env.ACCOUNT.getByName(ownerOf(key));
  }

  async get(key: string, { range }: { range?: ByteRange } = {}): Promise<FileBody | null> {
    if (isHosts(key)) return this.#host.get(key);
    if (!isAccounts(key)) return null;
    const held = await this.#account(key).getFile(key, range ?? null);
    return held === null ? null : fileBody({ key, size: held.size, uploaded: new Date(held.at) }, held.body);
  }

  async head(key: string): Promise<StoredFile | null> {
    if (isHosts(key)) return this.#host.get(key);
    const held = isAccounts(key) ? await this.#account(key).getFile(key, { offset: 0, length: 0 }) : null;
    await held?.body.cancel();
    return held === null ? null : { key, size: held.size, uploaded: new Date(held.at) };
  }

  async put(
    key: string,
    value: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  ): Promise<void> {
    if (isHosts(key) && !(value instanceof ReadableStream)) return this.#host.put(key, value);
    if (!isAccounts(key)) throw noBucket();
    const body = value instanceof ReadableStream ? value : new Blob([value]).stream();
    await this.#account(key).putFile(key, body, await this.#room());
  }

  /** Of an account's files alone: a file is one body, whether or not its length is known. */
  async createMultipartUpload(key: string): Promise<FileUpload> {
    const { readable, writable } = new IdentityTransformStream();
    const room = await this.#room();
    const stored = this.#account(key).putFile(key, readable, room);
    // Told by whichever step comes next.
    stored.catch(() => undefined);
    const writer = writable.getWriter();
    return {
      async uploadPart(partNumber, bytes) {
        await Promise.race([writer.write(bytes.slice()), stored.then(() => undefined)]);
        return { partNumber, etag: "" };
      },
      async complete() {
        await writer.close();
        await stored;
      },
      async abort() {
        await writer.abort(new Error("the upload broke off")).catch(() => undefined);
        await stored.catch(() => undefined);
      },
    };
  }

  async delete(keys: string | string[]): Promise<void> {
    const byOwner = Map.groupBy([keys].flat().filter(isAccounts), ownerOf);
    await Promise.all([
      this.#host.delete([keys].flat().filter(isHosts)),
      ...[...byOwner.values()].map((own) => this.#account(own[0] ?? "").dropFiles(own)),
    ]);
  }

  /** The host's own. An account's are listed by its object, and end with it. */
  async list({ prefix }: { prefix: string }): Promise<FileList> {
    return { objects: isHosts(prefix) ? await this.#host.list(prefix) : [], truncated: false };
  }

  /** Bytes that an account's object may have. Refuses NotEnoughResources (507). */
  async #room(): Promise<number> {
    const most = MOST[this.#env.PLAN];
    if (this.#env.PLAN === "paid") return most;
    const found = await foundSizes(this.#env.DIRECTORY).first<FoundSizes>();
    if ((found?.repoBytes ?? 0) + (found?.heldBytes ?? 0) < most) return most;
    const message = "This host has no room for more pictures and videos: the free plan's storage is used up";
    throw new Refusal("NotEnoughResources", message, 507);
  }
}

/** The store of a host with a bucket. What is not there may still be held: then it is looked for here and there once more. */
class MovedFiles implements FileStore {
  readonly #bucket: R2Bucket;
  readonly #held: HeldFiles;

  constructor(env: FileBindings, bucket: R2Bucket) {
    this.#bucket = bucket;
    this.#held = new HeldFiles(env);
  }

  async get(key: string, options: { range?: ByteRange } = {}): Promise<FileBody | null> {
    return this.#found<FileBody>(
      key,
      () => this.#bucket.get(key, options),
      () => this.#held.get(key, options),
    );
  }

  async head(key: string): Promise<StoredFile | null> {
    return this.#found<StoredFile>(
      key,
      () => this.#bucket.head(key),
      () => this.#held.head(key),
    );
  }

  /** It goes here after it is there. So whoever found it at neither place came just in between. */
  async #found<T>(
    key: string,
    there: () => Promise<T | null>,
    here: () => Promise<T | null>,
  ): Promise<T | null> {
    const found = await there();
    if (found !== null || !(isAccounts(key) || isHosts(key))) return found;
    return (await here()) ?? (await there());
  }

  async put(...given: Parameters<FileStore["put"]>): Promise<unknown> {
    return this.#bucket.put(...given);
  }

  createMultipartUpload(key: string): Promise<FileUpload> {
    return this.#bucket.createMultipartUpload(key);
  }

  /** An account's object deletes what it holds itself. */
  async delete(keys: string | string[]): Promise<void> {
    const ofHost = [keys].flat().filter(isHosts);
    await Promise.all([
      this.#bucket.delete(keys),
      ...(ofHost.length === 0 ? [] : [this.#held.delete(ofHost)]),
    ]);
  }

  list(options: { prefix: string; cursor?: string; limit?: number }): Promise<FileList> {
    return this.#bucket.list(options);
  }
}
