/** Where backups are kept: the host's own R2, or any address that speaks S3. */
import { AwsClient } from "aws4fetch";
import { SETTINGS } from "../../protocol/settings/list.ts";
import type { Bindings } from "../../protocol/stations.ts";
import type { BackupStore, Listed, Streamed } from "./backup-store.ts";
import { S3Store } from "./s3-store.ts";

export type BackupBindings = Pick<
  Bindings,
  "BLOBS" | "BACKUPS" | "BACKUP_TO" | "BACKUP_S3_KEY" | "BACKUP_KEY" | "BACKUP_EVERY" | "BACKUP_KEEP"
>;

/** Within the host's bucket; no DID begins so. */
const R2_PREFIX = "backups/";
/** Keys that R2 deletes at once. */
const DELETED_AT_ONCE = 1_000;

export class R2Store implements BackupStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async put(key: string, body: Uint8Array | Streamed): Promise<void> {
    if (body instanceof Uint8Array) {
      await this.#bucket.put(R2_PREFIX + key, body);
      return;
    }
    const { readable, writable } = new FixedLengthStream(body.size);
    await Promise.all([this.#bucket.put(R2_PREFIX + key, readable), body.stream.pipeTo(writable)]);
  }

  async get(key: string): Promise<Streamed | null> {
    const found = await this.#bucket.get(R2_PREFIX + key);
    return found === null ? null : { stream: found.body, size: found.size };
  }

  async list(prefix: string, after: string): Promise<{ files: Listed[]; isAll: boolean }> {
    const { objects, truncated } = await this.#bucket.list({
      prefix: R2_PREFIX + prefix,
      ...(after === "" ? {} : { startAfter: R2_PREFIX + after }),
    });
    const files = objects.map(({ key, size }) => ({ key: key.slice(R2_PREFIX.length), size }));
    return { files, isAll: !truncated };
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += DELETED_AT_ONCE) {
      await this.#bucket.delete(keys.slice(from, from + DELETED_AT_ONCE).map((key) => R2_PREFIX + key));
    }
  }
}

/** Whether blobs are copied along: the host's own R2 has them already. */
export const copiesBlobs = ({ BACKUP_TO, BLOBS }: Pick<BackupBindings, "BACKUP_TO" | "BLOBS">): boolean =>
  BACKUP_TO !== "" || BLOBS === undefined;

/** Throws if there is neither a bucket nor an address, or if the keys of an S3 address are missing. */
export function storeOf(env: BackupBindings): BackupStore {
  const bucket = env.BACKUPS ?? env.BLOBS;
  if (env.BACKUP_TO === "" && bucket === undefined)
    throw new Error("This host has no R2 bucket. Give backups an address of an S3 service.");
  if (env.BACKUP_TO === "" && bucket !== undefined) return new R2Store(bucket);
  const [accessKeyId = "", secretAccessKey = ""] = env.BACKUP_S3_KEY.split(":");
  if (secretAccessKey === "") throw new Error(`${SETTINGS.BACKUP_S3_KEY.what} It is missing.`);
  return S3Store.at(env.BACKUP_TO, (region) => {
    return new AwsClient({
      accessKeyId,
      secretAccessKey,
      service: "s3",
      ...(region && { region }),
      retries: 2,
    });
  });
}
