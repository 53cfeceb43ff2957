/** Where a backup is read from: a folder, an S3 address, or a host that still answers. */
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { AwsClient } from "aws4fetch";
import { blobKey } from "../../src/lifecycle/backup/format.ts";
import { S3Store } from "../../src/lifecycle/backup/s3-store.ts";
import { LaunchError } from "../dev/ports.ts";
import { xrpcBytes } from "../dev/xrpc-client.ts";
import type { HostApi } from "./host-api.ts";

export interface BlobPlace {
  cid: string;
  /** In the bucket of the host that was backed up. */
  key: string;
}

export interface Source {
  /** For people. */
  readonly name: string;
  /** Null: there is no such file. */
  get(key: string): Promise<Uint8Array | null>;
  /** Keys that begin so, in order. */
  list(prefix: string): Promise<string[]>;
  /** A blob's bytes: its copy, or the original if that can be reached. */
  blob(did: string, place: BlobPlace): Promise<Uint8Array | null>;
}

/** A folder has the files under their keys. */
export function folderSource(folder: string): Source {
  if (!existsSync(folder)) throw new LaunchError(`There is no folder ${folder}.`);
  const get = async (key: string) => {
    const file = path.join(folder, key);
    return existsSync(file) && statSync(file).isFile() ? new Uint8Array(readFileSync(file)) : null;
  };
  return {
    name: folder,
    get,
    async list(prefix) {
      const at = path.join(folder, path.dirname(`${prefix}x`));
      if (!existsSync(at)) return [];
      const names = readdirSync(at, { recursive: true, encoding: "utf8" });
      const keys = names.map((name) =>
        path.posix.join(path.dirname(`${prefix}x`), name.replaceAll("\\", "/")),
      );
      return keys
        .filter((key) => key.startsWith(prefix) && statSync(path.join(folder, key)).isFile())
        .toSorted();
    },
    blob: (did, { cid }) => get(blobKey(did, cid)),
  };
}

/** Within a host's own bucket, backups have this folder, beside members' blobs. */
const OWN_FOLDER = "/backups";

/** @param key `id:secret` */
export function s3Source(address: string, key: string): Source {
  const [accessKeyId = "", secretAccessKey = ""] = key.split(":");
  if (secretAccessKey === "") throw new LaunchError("The S3 address needs its key: S3_KEY=id:secret");
  const signer = (region: string | undefined) =>
    new AwsClient({ accessKeyId, secretAccessKey, service: "s3", ...(region && { region }), retries: 5 });
  const store = S3Store.at(address, signer);
  const url = new URL(address);
  const isOwn = url.pathname.replace(/\/$/, "").endsWith(OWN_FOLDER);
  url.pathname = url.pathname.replace(/\/backups\/?$/, "");
  const outer = isOwn ? S3Store.at(url.href, signer) : null;
  const read = async (from: S3Store, at: string) => {
    const found = await from.get(at);
    return found === null ? null : new Uint8Array(await new Response(found.stream).arrayBuffer());
  };
  return {
    name: address,
    get: (at) => read(store, at),
    list: (prefix) => listAll((after) => store.list(prefix, after)),
    blob: async (did, { cid, key: original }) =>
      (await read(store, blobKey(did, cid))) ?? (outer === null ? null : read(outer, original)),
  };
}

/** A host that still answers, with its admin's password. */
export function hostSource(host: HostApi): Source {
  const get = async (key: string) => {
    try {
      return await xrpcBytes(host.origin, "internal.atoll.backup.getFile", {
        params: { key },
        authorization: host.authorization,
      });
    } catch (thrown) {
      if (thrown instanceof Error && thrown.message.includes("There is no file")) return null;
      throw thrown;
    }
  };
  return {
    name: host.origin,
    get,
    list: (prefix) =>
      listAll((after) =>
        host.query("internal.atoll.backup.listFiles", { prefix, after: after || undefined }),
      ),
    async blob(did, { cid }) {
      const copy = await get(blobKey(did, cid));
      if (copy !== null) return copy;
      const call = { params: { did, cid }, authorization: host.authorization };
      return xrpcBytes(host.origin, "com.atproto.sync.getBlob", call).catch(() => null);
    },
  };
}

async function listAll(
  page: (after: string) => Promise<{ files: { key: string }[]; isAll: boolean }>,
): Promise<string[]> {
  const keys: string[] = [];
  for (let after = ""; ;) {
    const { files, isAll } = await page(after);
    keys.push(...files.map(({ key }) => key));
    after = keys.at(-1) ?? "";
    if (isAll || files.length === 0) return keys;
  }
}
