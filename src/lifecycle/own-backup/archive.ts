/**
 * A member's own backup: their repo, pictures and videos, preferences, and what they alone see, as one tar. It holds no
 * secret: whoever finds it cannot act as the member. An account with many files has several, which unpack into one.
 */
import type { Did } from "@atcute/lexicons";
import type { Member } from "../../identity/member.ts";
import { logLine } from "../../protocol/log-line.ts";
import { invalidRequest, must } from "../../protocol/refusal.ts";
import type { AccountStation } from "../../protocol/account-station.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { KEPT_TABLES } from "../backup/tables.ts";
import { filesOf as storedFiles } from "../files/store.ts";
import { README } from "./readme.ts";
import { TarWriter } from "./tar.ts";

/** Files in one archive: each is a request, of 50 that the free plan allows, and of 1,000. */
const FILES = { free: 25, paid: 900 } as const;
/** Rows of one table read at once, and most of one table. */
const ROWS = 500;

interface BackupServices {
  env: Bindings<AccountStation>;
  account(did: Did): AccountStation;
}

/** The number of archives that an account's backup has. */
export async function partsOf(services: BackupServices, { did }: Member): Promise<number> {
  const { files } = await services.account(did).sizes();
  return Math.max(1, Math.ceil(files / FILES[services.env.PLAN]));
}

/** @param part from 1. Refuses InvalidRequest for another. */
export function ownBackup(
  services: BackupServices,
  member: Member,
  part: number,
): ReadableStream<Uint8Array> {
  if (!Number.isInteger(part) || part < 1) throw invalidRequest("There is no such part");
  const { readable, writable } = new IdentityTransformStream();
  write(services, member, part, writable).catch(async (error: unknown) => {
    logLine("warn", "own-backup", { did: member.did, error });
    await writable.abort(error).catch(() => undefined);
  });
  return readable;
}

interface File {
  cid: string;
  mimeType: string;
  size: number;
  key: string;
}

async function write(
  services: BackupServices,
  member: Member,
  part: number,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const { env } = services;
  const tar = new TarWriter(writable, Date.now());
  if (part === 1) await writeAccount(services, member, tar);
  const most = FILES[env.PLAN];
  const missing: string[] = [];
  let passed = 0;
  for await (const file of filesOf(services.account(member.did))) {
    if (++passed <= (part - 1) * most) continue;
    if (passed > part * most) break;
    const object = await storedFiles(env).get(file.key);
    if (object?.size !== file.size) missing.push(file.cid);
    else await tar.stream(`blobs/${file.cid}`, object.body, file.size);
  }
  if (missing.length > 0) await tar.text(`missing-${part}.txt`, `${missing.join("\n")}\n`);
  await tar.end();
}

async function* filesOf(account: AccountStation): AsyncGenerator<File> {
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const page: Awaited<ReturnType<AccountStation["backupPage"]>> = await account.backupPage(null, cursor);
    yield* page.blobs;
    cursor = page.next?.startsWith("blob ") ? page.next : undefined;
  }
}

async function writeAccount(
  services: BackupServices,
  { did, handle, email, createdAt }: Member,
  tar: TarWriter,
): Promise<void> {
  const account = services.account(did);
  const { commit, kept, car, bytes } = await account.backup(null);
  try {
    await tar.text("README.txt", README);
    const signingKey = await account.signingKey();
    await tar.text("account.json", json({ did, handle, email, createdAt, signingKey, rev: commit.rev }));
    for (const { namespace, value } of kept.preferences) {
      await tar.text(`preferences/${namespace}.json`, `{"preferences":${value}}\n`);
    }
    for (const table of PRIVATE) await writeTable(services.env.DIRECTORY, did, table, tar);
    const files: Omit<File, "key">[] = [];
    for await (const { cid, mimeType, size } of filesOf(account)) files.push({ cid, mimeType, size });
    await tar.text("blobs.json", json(files));
  } catch (thrown) {
    await car?.cancel();
    throw thrown;
  }
  await tar.stream("repo.car", must(car, "archive"), must(bytes, "size of the archive"));
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

/** Tables of the directory with rows of the member's own, but for those that others see or that open something. */
const PRIVATE = Object.entries(KEPT_TABLES)
  .map(([table, { key }]) => ({ table, key }))
  .filter(
    ({ table, key }) =>
      key[0] === "did" &&
      !["account", "role", "subject_status", "quiet_member", "oauth_consent"].includes(table),
  );

async function writeTable(
  database: D1Database,
  did: Did,
  { table, key }: (typeof PRIVATE)[number],
  tar: TarWriter,
): Promise<void> {
  const [, second] = key;
  const page = KEPT_TABLES[table]?.page ?? ROWS;
  let after = "";
  for (let file = 1; ; file++) {
    const more = second === undefined ? "" : `AND ${second} > ?3 ORDER BY ${second}`;
    const { results } = await database
      .prepare(`SELECT * FROM ${table} WHERE did = ?1 ${more} LIMIT ?2`)
      .bind(...(second === undefined ? [did, page] : [did, page, after]))
      .all<Record<string, string | number | null>>();
    if (results.length > 0) {
      const lines = results.map((row) => `${JSON.stringify(row)}\n`).join("");
      await tar.text(`private/${table}${file === 1 ? "" : `-${file}`}.jsonl`, lines);
    }
    if (second === undefined || results.length < page) return;
    after = String(results.at(-1)?.[second] ?? "");
  }
}
