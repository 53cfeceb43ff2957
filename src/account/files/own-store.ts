/**
 * The store of files as the account's object sees it: the bucket, if there is one, and what the object holds
 * itself. What is both here and there is one file, on its way.
 */
import {
  type ByteRange,
  type FileBody,
  type FileList,
  type FileStore,
  type FileUpload,
  type HeldFile,
  type MovedFiles,
  type StoredFile,
  fileBody,
} from "../../protocol/object/files.ts";
import type { Sql } from "../../protocol/object/sql.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { dropFiles, heldFile, heldKeys } from "./held.ts";
import { moveFiles } from "./moving.ts";
import { Readers, readFile } from "./reading.ts";

export class OwnStore implements FileStore {
  readonly #sql: Sql;
  readonly #env: Pick<Bindings, "BLOBS">;
  readonly #readers = new Readers();

  constructor(sql: Sql, env: Pick<Bindings, "BLOBS">) {
    this.#sql = sql;
    this.#env = env;
  }

  /** Of what the object holds itself. */
  read(key: string, range: ByteRange | null): HeldFile | null {
    return readFile({ sql: this.#sql, readers: this.#readers }, key, range);
  }

  /** Implements `AccountStation.moveFiles`. */
  move(after: number): Promise<MovedFiles> {
    return moveFiles({ sql: this.#sql, readers: this.#readers }, this.#bucket(), after);
  }

  async get(key: string, options: { range?: ByteRange } = {}): Promise<FileBody | null> {
    const held = this.read(key, options.range ?? null);
    if (held !== null) return fileBody({ key, size: held.size, uploaded: new Date(held.at) }, held.body);
    return this.#env.BLOBS?.get(key, options) ?? null;
  }

  async head(key: string): Promise<StoredFile | null> {
    const held = heldFile(this.#sql, key);
    if (held !== null) return { key, size: held.size, uploaded: new Date(held.at) };
    return this.#env.BLOBS?.head(key) ?? null;
  }

  async put(...given: Parameters<FileStore["put"]>): Promise<void> {
    await this.#bucket().put(...given);
  }

  async delete(keys: string | string[]): Promise<void> {
    // First here: a file that is being moved is deleted there once it finds itself gone.
    dropFiles(this.#sql, [keys].flat());
    await this.#env.BLOBS?.delete(keys);
  }

  /** With what the object holds on the last page. */
  async list(options: Parameters<FileStore["list"]>[0]): Promise<FileList> {
    const page: FileList = (await this.#env.BLOBS?.list(options)) ?? { objects: [], truncated: false };
    if (page.truncated) return page;
    const held = heldKeys(this.#sql).filter(({ key }) => key.startsWith(options.prefix));
    const objects = held.map(({ at, ...file }) => ({ ...file, uploaded: new Date(at) }));
    return { objects: [...page.objects, ...objects], truncated: false };
  }

  createMultipartUpload(key: string): Promise<FileUpload> {
    return this.#bucket().createMultipartUpload(key);
  }

  #bucket(): R2Bucket {
    if (this.#env.BLOBS === undefined) throw new Error("no bucket");
    return this.#env.BLOBS;
  }
}
