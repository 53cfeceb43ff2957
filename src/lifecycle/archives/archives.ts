/** Archives of accounts that owners deleted: listed in the directory, in R2 until their days are over. */
import type { Did } from "@atcute/lexicons";
import { deleteObjects } from "../../account/blobs.ts";
import { KEPT, keptPrefix } from "../../account/files/kept.ts";
import { HostTasks } from "../../identity/host-tasks.ts";
import { logLine } from "../../protocol/log-line.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import type { FileList, FileStore, StoredFile } from "../../protocol/object/files.ts";
import { type FileBindings, filesOf } from "../files/store.ts";

export interface KeptArchive {
  did: Did;
  /** In ms. */
  madeAt: number;
  /** The handle until then. */
  handle: string;
  /** Its R2 key. */
  key: string;
  /** When it goes (ISO 8601). */
  until: string;
  /** The one who asked for it: a DID, or `admin`. */
  actor: string;
  rev: string;
  bytes: number;
  /** Of its bytes. */
  cid: string;
  files: number;
  fileBytes: number;
}

type ArchiveBindings = FileBindings;

const COLUMNS =
  "did, made_at AS madeAt, handle, key, until, actor, rev, bytes, cid, files, file_bytes AS fileBytes";
const HOUR = 60 * 60 * 1000;
/** Archives that end in one run. */
const AT_ONCE = 10;
/** The longest that making an archive may take. */
const UNFINISHED_MS = 24 * HOUR;

export class Archives {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  async add(archive: KeptArchive): Promise<void> {
    const { did, madeAt, handle, key, until, actor, rev, bytes, cid, files, fileBytes } = archive;
    await this.#database
      .prepare(
        `INSERT INTO archive (did, made_at, handle, key, until, actor, rev, bytes, cid, files, file_bytes)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
      )
      .bind(did, madeAt, handle, key, until, actor, rev, bytes, cid, files, fileBytes)
      .run();
  }

  find(did: string, madeAt: number): Promise<KeptArchive | null> {
    return this.#database
      .prepare(`SELECT ${COLUMNS} FROM archive WHERE did = ?1 AND made_at = ?2`)
      .bind(did, madeAt)
      .first<KeptArchive>();
  }

  /** The ones that go first, first. Refuses InvalidRequest for an invalid cursor. */
  async list(limit: number, cursor?: string): Promise<{ archives: KeptArchive[]; cursor?: string }> {
    const [until = "", did = "", madeAt = ""] = cursor?.split("::") ?? ["", "", "0"];
    if (!/^\d{1,15}$/.test(madeAt)) throw invalidRequest("Malformed cursor");
    const { results } = await this.#database
      .prepare(
        `SELECT ${COLUMNS} FROM archive WHERE until >= ?1 AND (until, did, made_at) > (?1, ?2, ?3)
          ORDER BY until, did, made_at LIMIT ?4`,
      )
      .bind(until, did, Number(madeAt), limit + 1)
      .all<KeptArchive>();
    const archives = results.slice(0, limit);
    const last = archives.at(-1);
    return results.length > limit && last !== undefined
      ? { archives, cursor: `${last.until}::${last.did}::${last.madeAt}` }
      : { archives };
  }

  async over(now: string, limit: number): Promise<KeptArchive[]> {
    const { results } = await this.#database
      .prepare(`SELECT ${COLUMNS} FROM archive WHERE until <= ?1 ORDER BY until LIMIT ?2`)
      .bind(now, limit)
      .all<KeptArchive>();
    return results;
  }

  /** Those of one account, and whether it is here. */
  async of(did: string): Promise<{ keys: string[]; isHere: boolean }> {
    const [archives, account] = await this.#database.batch<{ key: string }>([
      this.#database.prepare("SELECT key FROM archive WHERE did = ?1").bind(did),
      this.#database.prepare("SELECT did AS key FROM account WHERE did = ?1").bind(did),
    ]);
    return {
      keys: (archives?.results ?? []).map(({ key }) => key),
      isHere: (account?.results ?? []).length > 0,
    };
  }

  async keys(): Promise<Set<string>> {
    const { results } = await this.#database.prepare("SELECT key FROM archive").all<{ key: string }>();
    return new Set(results.map(({ key }) => key));
  }

  async remove({ did, madeAt }: KeptArchive): Promise<void> {
    await this.#database
      .prepare("DELETE FROM archive WHERE did = ?1 AND made_at = ?2")
      .bind(did, madeAt)
      .run();
  }
}

/**
 * Ends an archive. Its account's files go with the last one, unless the account is here: then they are the
 * account's. The row goes last, so that what dies in between is taken up again.
 */
export async function endArchive(env: ArchiveBindings, archive: KeptArchive): Promise<void> {
  const archives = new Archives(env.DIRECTORY);
  const files = filesOf(env);
  const { did, key } = archive;
  const { keys, isHere } = await archives.of(did);
  if (keys.some((other) => other !== key)) await files.delete(key);
  else {
    if (!isHere) await deleteObjects(files, did, () => true);
    for await (const objects of listed(files, keptPrefix(did)))
      await files.delete(objects.map((each) => each.key));
  }
  await archives.remove(archive);
}

/** Ends what has had its days, and deletes what no archive knows. For the schedule: as often as one likes. */
export async function sweepArchives(env: ArchiveBindings, clock: () => number = Date.now): Promise<void> {
  if (!(await new HostTasks(env.DIRECTORY, clock).begin("sweep archives", HOUR))) return;
  const now = clock();
  const archives = new Archives(env.DIRECTORY);
  for (const archive of await archives.over(new Date(now).toISOString(), AT_ONCE)) {
    try {
      await endArchive(env, archive);
    } catch (error) {
      logLine("error", "archives", { did: archive.did, error });
    }
  }
  const known = await archives.keys();
  const dids = new Set([...known].map(didOf));
  const files = filesOf(env);
  for await (const objects of listed(files, KEPT)) {
    const strays = objects.filter(
      ({ key, uploaded }) =>
        uploaded.getTime() < now - UNFINISHED_MS &&
        !(key.endsWith(".car") ? known.has(key) : dids.has(didOf(key))),
    );
    if (strays.length > 0) await files.delete(strays.map(({ key }) => key));
  }
}

const didOf = (key: string): string => key.split("/")[1] ?? "";

async function* listed(store: FileStore, prefix: string): AsyncGenerator<StoredFile[]> {
  for (let cursor: string | undefined, more = true; more;) {
    const page: FileList = await store.list(cursor === undefined ? { prefix } : { prefix, cursor });
    if (page.objects.length > 0) yield page.objects;
    more = page.truncated;
    cursor = page.truncated ? page.cursor : undefined;
  }
}
