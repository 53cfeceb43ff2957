/** Carries a restore out: the host's keys and settings, its tables, its accounts, its index. */
import { RESTORED_SECRETS } from "../../src/lifecycle/backup/restore-host.ts";
import type { BackupStatus } from "../../src/lifecycle/backup/status.ts";
import { KEPT_TABLES } from "../../src/lifecycle/backup/tables.ts";
import { cidOfRaw } from "../../src/protocol/cid.ts";
import { XrpcError } from "../dev/xrpc-client.ts";
import { type Backup, Damaged, type KeptAccount, type Row } from "./backup.ts";
import type { HostApi } from "./host-api.ts";
import type { Journal } from "./journal.ts";
import { type Action, type Planned, planAccounts } from "./plan.ts";

export interface Wanted {
  backup: Backup;
  host: HostApi;
  journal: Journal;
  /** One account alone, by DID; it goes back to what it was. Absent: everything. */
  account?: string | undefined;
  /** Whether nothing is changed. */
  isRehearsal: boolean;
  say: (line: string) => void;
}

export interface Report {
  /** Accounts by what was done to them. */
  accounts: Record<Action, number>;
  /** Rows that were not there, by table. */
  rows: Record<string, number>;
  records: number;
  blobs: number;
  /** Losses of the restore, a line each. */
  problems: string[];
}

const NAMESPACE = "internal.atoll.backup";
/** Bytes of JSON of one call. */
const CALL_BYTES = 500_000;
const BLOBS_AT_ONCE = 15;
/** Accounts restored at the same time. */
const ABREAST = 4;

/** Tables with rows of one member each, by the column that names them. */
const OF_MEMBERS = Object.entries(KEPT_TABLES)
  .filter(([table, { key }]) => key[0] === "did" && !["account", "role"].includes(table))
  .map(([table]) => table);
const BY_OTHER_MEANS = ["account", "secret", "host_settings"];

export async function restore(wanted: Wanted): Promise<Report> {
  const report: Report = {
    accounts: { whole: 0, list: 0, replace: 0, leave: 0 },
    rows: {},
    records: 0,
    blobs: 0,
    problems: [],
  };
  const { backup, account, say } = wanted;
  for (const [did, why] of backup.manifest.failed) {
    if (account === undefined || account === did)
      report.problems.push(`${did} was not kept by this run: ${why}`);
  }
  if (account === undefined) await restoreHost(wanted, report);
  await restoreTables(wanted, report);
  await restoreAccounts(wanted, report);
  if (!wanted.isRehearsal && report.accounts.leave < sumOf(report.accounts)) {
    say("Rebuilding the index");
    await rebuild(wanted.host);
  }
  return report;
}

const sumOf = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

async function restoreHost({ backup, host, isRehearsal, say }: Wanted, report: Report): Promise<void> {
  const secrets: Record<string, unknown> = {};
  for await (const { name, value } of backup.rows("secret")) {
    if (RESTORED_SECRETS.some((each) => each === name)) secrets[String(name)] = value;
  }
  let settings: Record<string, unknown> = {};
  for await (const row of backup.rows("host_settings")) {
    settings = JSON.parse(String(row["settings"])) as Record<string, unknown>;
  }
  const status = await host.query<BackupStatus>(`${NAMESPACE}.getStatus`);
  say(
    `Onto ${status.host.origin}, which has ${status.host.members} members, from ${backup.manifest.host.origin}`,
  );
  if (isRehearsal) return;
  const before = backup.manifest.host;
  const { logo = null } = backup.manifest;
  const picture = logo === null ? undefined : (await backup.read(logo)).toString("base64");
  const input = { secrets, settings, before, ...(picture !== undefined && { logo: picture }) };
  const { left } = await host.send<{ left: string[] }>(`${NAMESPACE}.restoreHost`, input);
  if (left.length > 0) report.problems.push(`Settings that were left as they are here: ${left.join(", ")}`);
}

async function restoreTables(wanted: Wanted, report: Report): Promise<void> {
  const { backup, account, say } = wanted;
  const tables = account === undefined ? Object.keys(KEPT_TABLES) : OF_MEMBERS;
  for (const table of tables.filter((each) => !BY_OTHER_MEANS.includes(each))) {
    let rows: Row[] = [];
    let bytes = 0;
    const send = async () => {
      if (rows.length > 0) await sendRows(wanted, table, rows, report);
      rows = [];
      bytes = 0;
    };
    for await (const row of backup.rows(table)) {
      if (account !== undefined && row["did"] !== account) continue;
      rows.push(row);
      bytes += JSON.stringify(row).length;
      if (bytes > CALL_BYTES) await send();
    }
    await send();
  }
  say(`${sumOf(report.rows)} rows of the directory`);
}

async function sendRows(
  { host, isRehearsal }: Wanted,
  table: string,
  rows: Row[],
  report: Report,
): Promise<void> {
  const count = isRehearsal
    ? rows.length
    : (await host.send<{ restored: number }>(`${NAMESPACE}.restoreRows`, { table, rows })).restored;
  report.rows[table] = (report.rows[table] ?? 0) + count;
}

async function restoreAccounts(wanted: Wanted, report: Report): Promise<void> {
  const { backup, host, journal, account, say } = wanted;
  const rows = new Map<string, Row>();
  for await (const row of backup.rows("account")) rows.set(String(row["did"]), row);
  const plan = planAccounts(host, chosen(backup, account), journal, account !== undefined);
  let done = 0;
  const worker = async () => {
    for (let next = await plan.next(); !next.done; next = await plan.next()) {
      await attempt(wanted, next.value, rows.get(next.value.entry.did), report);
      if (++done % 100 === 0) say(`${done} of ${backup.manifest.accounts.count} accounts`);
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
  if (done === 0)
    report.problems.push(account === undefined ? "There are no accounts" : `${account} is not in it`);
}

async function* chosen(backup: Backup, account: string | undefined) {
  for await (const entry of backup.accounts()) {
    if (account === undefined || entry.did === account) yield entry;
  }
}

/** An account that is damaged, or that the host refuses, keeps no other out. */
async function attempt(
  wanted: Wanted,
  planned: Planned,
  row: Row | undefined,
  report: Report,
): Promise<void> {
  const { did } = planned.entry;
  try {
    report.accounts[planned.action]++;
    if (row === undefined) {
      report.problems.push(`${did} left the directory while this run was made: it is not restored`);
      return;
    }
    await restoreOne(wanted, planned, row, report);
  } catch (thrown) {
    const isItsOwn = thrown instanceof Damaged || (thrown instanceof XrpcError && thrown.status < 500);
    if (!isItsOwn) throw thrown;
    report.problems.push(thrown.message.includes(did) ? thrown.message : `${did}: ${thrown.message}`);
  }
}

async function restoreOne(
  wanted: Wanted,
  { entry, action }: Planned,
  row: Row,
  report: Report,
): Promise<void> {
  const { backup, host, journal, isRehearsal } = wanted;
  const { did } = entry;
  // Also what is left as it is: a rehearsal tells whether the backup is sound.
  const kept = action === "leave" && !isRehearsal ? null : await backup.account(entry);
  report.records += kept?.records ?? 0;
  if (kept === null || isRehearsal) {
    report.blobs += kept?.blobs.length ?? 0;
    return;
  }
  if (action !== "list") {
    journal.begin(did);
    const parts = action === "whole" ? "all" : "preferences";
    const { preferences, secrets } = kept;
    await host.send(`${NAMESPACE}.restoreAccount`, {
      did,
      kept: { made: entry.made, ...secrets, preferences },
      parts,
    });
    await restoreRepo(wanted, kept);
    await restoreBlobs(wanted, kept, report, action === "replace");
  }
  if (action === "replace") return;
  const { origin, formerOrigins } = backup.manifest.host;
  const from = [origin, ...formerOrigins];
  const listed = await host.send<{ whereabouts: string }>(`${NAMESPACE}.listAccount`, { row, from });
  if (listed.whereabouts !== "here") {
    report.problems.push(`${did} has its identity elsewhere: it is here, switched off`);
  } else if (!did.startsWith("did:plc:")) {
    report.problems.push(`${did} is a file of the member's: it has to name this host`);
  }
}

async function restoreRepo({ host }: Wanted, kept: KeptAccount): Promise<void> {
  const { did } = kept.entry;
  const type = "application/vnd.ipld.car";
  type Done = { rev: string; records: number };
  const done = await host.upload<Done>(`${NAMESPACE}.restoreRepo`, { did }, kept.car, type);
  if (done.records !== kept.records) {
    throw new Damaged(`${did}: ${done.records} records arrived of ${kept.records}`);
  }
  const { revs } = kept;
  for (let from = 0; from < revs.length; from += 5_000) {
    const input = { did, at: done.rev, revs: revs.slice(from, from + 5_000) };
    await host.send(`${NAMESPACE}.restoreRevs`, input);
  }
}

async function restoreBlobs(
  { host, backup }: Wanted,
  kept: KeptAccount,
  report: Report,
  checked: boolean,
): Promise<void> {
  const { did } = kept.entry;
  const missing: KeptAccount["blobs"] = [];
  for (let from = 0; from < kept.blobs.length; from += BLOBS_AT_ONCE) {
    const blobs = kept.blobs.slice(from, from + BLOBS_AT_ONCE);
    const answer = await host.send<{ missing: string[] }>(`${NAMESPACE}.restoreBlobs`, {
      did,
      blobs,
      checked,
    });
    missing.push(...blobs.filter(({ cid }) => answer.missing.includes(cid)));
  }
  report.blobs += kept.blobs.length;
  for (const blob of missing) {
    const bytes = await backup.source.blob(did, blob);
    if (bytes === null || cidOfRaw(bytes) !== blob.cid) {
      report.blobs--;
      report.problems.push(`${did}: the blob ${blob.cid} ${bytes === null ? "is not there" : "is damaged"}`);
      continue;
    }
    await host.upload(`${NAMESPACE}.restoreBlob`, { did, cid: blob.cid }, bytes, blob.mimeType);
  }
}

async function rebuild(host: HostApi): Promise<void> {
  for (let restart = true; ; restart = false) {
    const { rebuild: state } = await host.send<{ rebuild: { phase: string } | null }>(
      "internal.atoll.admin.rebuildIndex",
      { restart },
    );
    if (state === null || state.phase === "done") return;
  }
}
