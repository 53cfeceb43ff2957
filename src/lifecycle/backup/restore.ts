/**
 * The way back: what `npm run restore` asks of a host, account by account. An account is listed last, with its
 * identity pointing here, so one that is half restored does not exist for anybody, and any call may be repeated.
 */
import type { Did } from "@atcute/lexicons";
import { conflictOf } from "../../identity/member.ts";
import type { KeptAccount, KeptParts } from "../../protocol/object/account-backup.ts";
import { Refusal, invalidRequest, isRefusal } from "../../protocol/refusal.ts";
import { ModerationSubjects, type SubjectTakedown } from "../../moderation/subjects.ts";
import type { SettlingServices } from "../services.ts";
import { settleStanding } from "../standing.ts";
import { KEPT_TABLES } from "./tables.ts";

export type Row = Record<string, unknown>;

/** The parts of an account that a host has. */
export interface Standing {
  did: Did;
  /** Of the directory; null: it lists no such account. */
  state: string | null;
  /** When the account was made, in milliseconds; null like `state`. */
  made: number | null;
  /** Of its repo; null: there is none, or it cannot be read. */
  rev: string | null;
}

export async function standingsOf(services: SettlingServices, dids: readonly Did[]): Promise<Standing[]> {
  const members = await services.directory.findAll(dids);
  return Promise.all(
    dids.map(async (did) => {
      const member = members.get(did);
      const made = member === undefined ? null : Date.parse(member.createdAt);
      return { did, state: member?.state ?? null, made, rev: await revOf(services, did) };
    }),
  );
}

async function revOf(services: SettlingServices, did: Did): Promise<string | null> {
  const account = services.account(did);
  try {
    return (await account.getLatestCommit("owner")).rev;
  } catch (thrown) {
    if (isRefusal(thrown)) {
      if (thrown.error === "RepoNotFound" || isUnreadable(thrown)) return null;
      throw thrown;
    }
    const { faults } = await account.examine("");
    if (faults.some(({ kind }) => kind === "head")) return null;
    throw thrown;
  }
}

/** Whether something is stored that no version can read. */
const isUnreadable = (thrown: unknown): boolean =>
  isRefusal(thrown) && thrown.error === "InternalServerError";

/** Tables that a restore fills in other ways. */
const BY_OTHER_MEANS = ["account", "secret", "host_settings"];
/** Where rows of a fresh host, of its set-up, make way: their numbers are those of the rows that come. */
const REPLACED = ["audit_log"];

/** The statement that inserts rows, of the columns that this version has. Refuses InvalidRequest. */
async function inserting(
  database: D1Database,
  table: string,
  rows: readonly Row[],
  verb: "IGNORE" | "REPLACE",
): Promise<D1PreparedStatement> {
  if (!Object.hasOwn(KEPT_TABLES, table)) throw invalidRequest(`There is no table ${table} to restore`);
  const { results } = await database
    .prepare("SELECT name FROM pragma_table_info(?1)")
    .bind(table)
    .all<{ name: string }>();
  // A column that an older version lacked has its default.
  const columns = results
    .map(({ name }) => name)
    .filter((name) => rows.some((row) => Object.hasOwn(row, name)));
  if (columns.length === 0) throw invalidRequest("There is nothing to restore");
  const values = columns.map((name) => `value ->> '${name}'`);
  return database
    .prepare(
      `INSERT OR ${verb} INTO ${table} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM json_each(?1)`,
    )
    .bind(JSON.stringify(rows));
}

/** Puts rows back that are not there. Returns how many. Refuses InvalidRequest. */
export async function restoreRows(
  database: D1Database,
  table: string,
  rows: readonly Row[],
): Promise<number> {
  if (BY_OTHER_MEANS.includes(table)) throw invalidRequest(`The table ${table} is restored by other means`);
  const verb = REPLACED.includes(table) ? "REPLACE" : "IGNORE";
  const cleared = Object.fromEntries((KEPT_TABLES[table]?.cleared ?? []).map((column) => [column, null]));
  const given = rows.map((row) => ({ ...row, ...cleared }));
  const { meta } = await (await inserting(database, table, given, verb)).run();
  return meta.changes;
}

/**
 * Makes the account's object, unless there is one that was made at the same time. What cannot be read makes way.
 * Refuses AlreadyExists, NotEnoughResources.
 */
export async function restoreAccount(
  services: SettlingServices,
  did: Did,
  kept: KeptAccount,
  parts: KeptParts,
): Promise<void> {
  const account = services.account(did);
  const signingKey = new Uint8Array(Buffer.from(kept.signingKey, "hex"));
  if (signingKey.byteLength !== 32) throw invalidRequest("The signing key is no 32 bytes in hex");
  const wanted = { did, at: kept.made, password: null, signingKey };
  try {
    await account.create(wanted);
  } catch (thrown) {
    if (isRefusal(thrown) && !isUnreadable(thrown)) throw thrown;
    // Refused if it can be read.
    await account.clear();
    await account.create(wanted);
  }
  await account.restoreKept(kept, parts);
}

/** Replaces the repo. Returns its new commit, which the account's own key signs at a later rev. */
export async function restoreRepo(
  services: SettlingServices,
  did: Did,
  car: ReadableStream<Uint8Array>,
): Promise<{ rev: string; cid: string; records: number }> {
  const account = services.account(did);
  await account.importRepo(car);
  const { commit, indexedRecords } = await account.counts();
  return { ...commit, records: indexedRecords };
}

/** Whether an identity points here: `elsewhere` when its member has moved on, or decides alone. */
export type Whereabouts = "here" | "elsewhere";

/**
 * Lists a restored account: its identity is led here first, then the directory has it, and consumers are told. One
 * whose identity stays elsewhere is switched off. Refuses HandleNotAvailable, UpstreamFailure (502).
 * @param from addresses of the host before, which identities may name
 * @param to the host's address
 */
export async function listAccount(
  services: SettlingServices,
  row: Row,
  { from, to }: { from: readonly string[]; to: string },
): Promise<Whereabouts> {
  const { directory, env } = services;
  const did = didOfRow(row);
  const whereabouts = await leadHere(services, did, from, to);
  const isActive = row["state"] === "active" && whereabouts === "here";
  const listed = {
    ...row,
    state: isActive ? "active" : "deactivated",
    deactivated_at: isActive ? null : (row["deactivated_at"] ?? new Date().toISOString()),
  };
  const act = await directory.unsettled.note({ did, kind: row["takedown"] === null ? "stand" : "takedown" });
  const insert = await inserting(env.DIRECTORY, "account", [listed], "IGNORE");
  // A request to join may hold the handle.
  await insert.run().catch((thrown: unknown) => {
    if (conflictOf(thrown) === null) throw thrown;
  });
  if ((await directory.findByDid(did)) === null) {
    await directory.unsettled.end(act);
    throw new Refusal("HandleNotAvailable", `Somebody else has the handle or the e-mail address of ${did}`);
  }
  await restoreTakedowns(services, did);
  await settleStanding(services, act);
  return whereabouts;
}

function didOfRow({ did }: Row): Did {
  if (typeof did !== "string" || !/^did:[a-z]+:.+/.test(did)) throw invalidRequest("The row has no DID");
  return did as Did;
}

async function leadHere(
  services: SettlingServices,
  did: Did,
  from: readonly string[],
  to: string,
): Promise<Whereabouts> {
  try {
    // A did:web is a file of the member's own, which only they can change.
    if (!did.startsWith("did:plc:")) return "here";
    const isHere = await services.plc.moveEndpoint(did, [...from], to);
    await services.dids.find(did, { fresh: true });
    return isHere ? "here" : "elsewhere";
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.status < 500) return "elsewhere";
    throw thrown;
  }
}

/** Those of records and blobs, which the directory has and the object has lost. */
async function restoreTakedowns(services: SettlingServices, did: Did): Promise<void> {
  const account = services.account(did);
  for await (const { subject, ref } of takedownsOf(services.env.DIRECTORY, did)) {
    const path = subject.startsWith("at://") ? subject.split("/").slice(3).join("/") : null;
    if (path === null) await account.takedownBlob(subject, ref);
    else await account.takedownRecord(path, ref);
  }
}

const PAGE = 100;

async function* takedownsOf(database: D1Database, did: Did): AsyncGenerator<SubjectTakedown> {
  const subjects = new ModerationSubjects(database);
  let last = { did, subject: "" };
  for (;;) {
    const page = await subjects.after(last, PAGE);
    const own = page.filter((each) => each.did === did);
    yield* own;
    last = own.at(-1) ?? last;
    if (own.length < PAGE) return;
  }
}
