/**
 * A change of the host's address. The settings say the new one at once; an act noted with them leads every
 * member's DID document after it, a few at a time, and begins again where it was when something dies. Whoever
 * has their identity elsewhere, or keeps its keys to themselves, is passed over.
 */
import type { Did } from "@atcute/lexicons";
import { keepSettings } from "../../../schema/kept-settings.ts";
import { hostOf } from "../../identity/host.ts";
import type { Act } from "../../identity/unsettled.ts";
import { ModerationAudit } from "../../moderation/audit.ts";
import { invalidRequest, isRefusal } from "../../protocol/refusal.ts";
import { fixedSettings } from "../../protocol/settings/configured.ts";
import type { Bindings } from "../../protocol/stations.ts";
import type { SettlingServices } from "../services.ts";

/** Members in one pass of the schedule. Each costs three requests or so, of 50 that the free plan allows. */
const AT_ONCE = 4;
/** Passes in a minute (`settleMinute`). */
export const MEMBERS_A_MINUTE = AT_ONCE * 4;

/** There is one such act at most: a second change begins it anew. */
const ID = "rehome";

/**
 * When the first pass may come (ms after the beginning): no isolate, and no sign-up under way, goes by the
 * address before any more.
 */
const BEGIN_MS = 60_000;

/** The aim of an act, and how far it is. */
interface Course {
  /** The host's address. */
  to: string;
  /** Addresses of this host, which identities may name still. */
  from: string[];
  /** The last DID that was looked at; empty at the beginning. */
  after: string;
  /** Members whose identity names the present address. */
  moved: number;
  /** Members who were passed over. */
  passed: number;
}

export interface Progress {
  moved: number;
  passed: number;
  /** Members that wait, at most one more than COUNTED_MAX. */
  left: number;
}

const courseOf = (subject: string): Course => JSON.parse(subject) as Course;

/** More members than this are "more than": to count is to read. */
export const COUNTED_MAX = 1_000;

/** Which members an act has yet to look at. */
const TO_MOVE = "did > ?1 AND did LIKE 'did:plc:%' AND state IN ('active', 'deactivated')";

/** @param act an act's id: counts what it has yet to look at; empty: all */
const counting = (database: D1Database, act: string): D1PreparedStatement =>
  database
    .prepare(
      `SELECT count(*) AS members FROM (SELECT 1 FROM account WHERE
        ${TO_MOVE.replace("?1", `coalesce((SELECT subject ->> 'after' FROM unsettled WHERE id = ?1), '')`)} LIMIT ?2)`,
    )
    .bind(act, COUNTED_MAX + 1);

export interface MoveState {
  /** How far a change of address is; null if none is under way. */
  progress: Progress | null;
  /** Members whose identity a change would concern, at most one more than COUNTED_MAX. */
  members: number;
}

/** In one trip. */
export async function readMove({ DIRECTORY }: Pick<Bindings, "DIRECTORY">): Promise<MoveState> {
  const act = DIRECTORY.prepare("SELECT subject FROM unsettled WHERE id = ?1").bind(ID);
  const results = await DIRECTORY.batch<{ subject?: string; members?: number }>([
    act,
    counting(DIRECTORY, ID),
    counting(DIRECTORY, ""),
  ]);
  const [subject, left = 0, members = 0] = [
    results[0]?.results[0]?.subject,
    ...results.slice(1).map(({ results: [row] }) => row?.members),
  ];
  if (typeof subject !== "string") return { progress: null, members };
  const { moved, passed } = courseOf(subject);
  return { progress: { moved, passed, left }, members };
}

/**
 * Gives the host another address, an origin that reaches it. Domains of handles stay as they are. Refuses
 * InvalidRequest if the environment sets the address.
 * @param actor for the audit log: a DID or `admin`
 */
export async function moveHost(env: Bindings, actor: string, to: string): Promise<void> {
  if (fixedSettings(env).some((name) => name === "PUBLIC_URL" || name === "FORMER_URLS")) {
    throw invalidRequest("The host's address is set in its environment");
  }
  if (env.PUBLIC_URL === "") throw invalidRequest("The host has no address yet");
  const { handleDomains } = hostOf(env.PUBLIC_URL, env);
  const former = new Set([env.PUBLIC_URL, ...env.FORMER_URLS.split(",")].filter((each) => each !== ""));
  former.delete(to);
  const changes = {
    PUBLIC_URL: to,
    FORMER_URLS: [...former].join(","),
    // The default follows the address, but members' handles do not.
    ...(fixedSettings(env).includes("HANDLE_DOMAINS") ? {} : { HANDLE_DOMAINS: handleDomains.join(",") }),
  };
  const audit = new ModerationAudit(env.DIRECTORY);
  await audit.around({ actor, action: "moveHost", detail: { from: env.PUBLIC_URL, to } }, () =>
    keepSettings(env, changes, [beginning(env, to, [...former])]),
  );
}

/** Leads members' identities after the address that the host has already, set in its environment. */
export async function followAddress(env: Bindings, actor: string): Promise<void> {
  const audit = new ModerationAudit(env.DIRECTORY);
  await audit.around({ actor, action: "moveHost", detail: { to: env.PUBLIC_URL } }, () =>
    beginning(env, env.PUBLIC_URL, env.FORMER_URLS.split(",")).run(),
  );
}

function beginning(env: Bindings, to: string, from: string[]): D1PreparedStatement {
  const course: Course = { to, from, after: "", moved: 0, passed: 0 };
  const { did } = hostOf(to, { ...env, PUBLIC_URL: to });
  const now = Date.now();
  return env.DIRECTORY.prepare(
    "INSERT OR REPLACE INTO unsettled (id, did, kind, subject, at, due) VALUES (?1, ?2, 'rehome', ?3, ?4, ?5)",
  ).bind(ID, did, JSON.stringify(course), now, now + BEGIN_MS);
}

/** Leads the next few members' identities after the host's address. Rejects if the registry is away. */
export async function settleMove(services: SettlingServices, act: Act): Promise<void> {
  const { DIRECTORY } = services.env;
  if (act.subject === null) return services.directory.unsettled.end(act);
  const course = courseOf(act.subject);
  // A sign-up from before may have died half way, with an identity that names the address of then. It is settled first.
  if (course.after === "" && (await hasSignUps(DIRECTORY, act.at + BEGIN_MS))) return;
  const dids = await membersAfter(DIRECTORY, course.after);
  const next = { ...course };
  try {
    for (const did of dids) {
      const isHere = await rehome(services, did, course);
      next.after = did;
      next.moved += isHere ? 1 : 0;
      next.passed += isHere ? 0 : 1;
    }
  } finally {
    if (next.after !== course.after) await note(DIRECTORY, act, next);
  }
  if (dids.length < AT_ONCE) await finish(services, next);
}

/** Whether a sign-up that began before a time (ms) is under way. */
async function hasSignUps(database: D1Database, before: number): Promise<boolean> {
  const found = database.prepare("SELECT 1 FROM unsettled WHERE kind = 'create' AND at < ?1 LIMIT 1");
  return (await found.bind(before).first()) !== null;
}

async function membersAfter(database: D1Database, after: string): Promise<Did[]> {
  const { results } = await database
    .prepare(`SELECT did FROM account WHERE ${TO_MOVE} ORDER BY did LIMIT ?2`)
    .bind(after, AT_ONCE)
    .all<{ did: Did }>();
  return results.map(({ did }) => did);
}

/** Notes how far it is, unless it was begun anew meanwhile. The next pass goes on. */
async function note(database: D1Database, { subject }: Act, course: Course): Promise<void> {
  await database
    .prepare("UPDATE unsettled SET subject = ?3, due = ?4 WHERE id = ?1 AND subject = ?2")
    .bind(ID, subject, JSON.stringify(course), Date.now())
    .run();
}

async function finish({ env }: SettlingServices, course: Course): Promise<void> {
  const done = await env.DIRECTORY.prepare("DELETE FROM unsettled WHERE id = ?1 AND subject = ?2")
    .bind(ID, JSON.stringify(course))
    .run();
  if (done.meta.changes === 0) return;
  const { to, moved, passed } = course;
  const act = { actor: "host", action: "moveHostDone", detail: { to, moved, passed } };
  await new ModerationAudit(env.DIRECTORY).around(act, async () => {});
}

/** Whether the member's identity names the present address afterwards. */
async function rehome(services: SettlingServices, did: Did, { from, to }: Course): Promise<boolean> {
  try {
    if (!(await services.plc.moveEndpoint(did, from, to))) return false;
    // Also when it named the address already: whoever changed it may have died before this.
    await services.account(did).announceIdentity();
    await services.dids.find(did, { fresh: true });
    return true;
  } catch (thrown) {
    // Gone meanwhile, or nothing that this host's key decides about. Others have to wait for the registry.
    if (isRefusal(thrown) && thrown.status < 500) return false;
    throw thrown;
  }
}
