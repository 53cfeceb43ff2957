/// <reference types="vite/client" />
/**
 * Every table of every database: who can make it grow, what bounds it, and what shrinks it again. A table that
 * is not listed here fails the test, so whoever makes one has to say.
 */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";

/**
 * `stranger`: somebody without an account here, or with one on another host. `member`: by requests and
 * records of their own. `operator`: the admin, role holders, a deploy. `host`: by itself.
 */
type Grower = "stranger" | "member" | "operator" | "host";

interface Bound {
  by: Grower;
  /** The most that there can be. */
  cap: string;
  /** What deletes rows, and when. */
  sweep: string;
}

const WITH_ACCOUNT = "with the account (trigger account_out)";
const SLOTS = "its slots (CHECK)";
const byMember = (most: string): Bound => ({ by: "member", cap: most, sweep: WITH_ACCOUNT });
const record: Bound = {
  by: "member",
  cap: "the members' records",
  sweep: "with the record, and with the account",
};
const own: Bound = { by: "operator", cap: "what the operator does", sweep: "never" };

const DIRECTORY: Record<string, Bound> = {
  unsettled: {
    by: "stranger",
    cap: "the acts under way, sign-ups among them",
    sweep: "when all have followed",
  },
  account: {
    by: "stranger",
    cap: "invites; with open registration, sign-ups per address and in all, per hour and day",
    sweep: "when the account is deleted, or its creation fails",
  },
  reserved_key: { by: "stranger", cap: "5,000; the oldest make way", sweep: "after a week, daily" },
  invite_code: { by: "operator", cap: "what role holders make", sweep: "never: it says who invited whom" },
  invite_use: { by: "stranger", cap: "the uses of the codes", sweep: "never: it says who invited whom" },
  join_request: {
    by: "stranger",
    cap: "500 waiting, of 1,000 characters each; per address and in all, per hour and day",
    sweep: "waiting ones after 30 days, approved after 14, refused after 30, hourly; then with the account",
  },
  host_settings: { by: "operator", cap: "one row", sweep: "never" },
  host_setup: { by: "operator", cap: "one row", sweep: "never" },
  secret: { by: "host", cap: "one row a name", sweep: "never" },
  role: { by: "operator", cap: "one row a member", sweep: WITH_ACCOUNT },
  relay_look: { by: "operator", cap: "one a relay of the settings", sweep: "never" },
  relay_missing: { by: "host", cap: "1,000 a relay", sweep: "by the next look, daily" },
  archive: { by: "operator", cap: "one a deletion by an owner", sweep: "when its days are over, daily" },
  host_use: { by: "host", cap: "one row", sweep: "never" },
  host_file: {
    by: "operator",
    cap: "the logo, and one that is tried",
    sweep: "by the next logo, or moved to R2",
  },
  file_move: { by: "operator", cap: "one row", sweep: "never" },
  size_look: { by: "host", cap: "one row", sweep: "never" },
  day_number: { by: "host", cap: "one row a day", sweep: "never" },
  reserved_name: { by: "operator", cap: "what owners reserve", sweep: "when released" },
  report: {
    by: "stranger",
    cap: "5,000 open ones, for members 50,000; per reporter and for all strangers, per hour and day",
    sweep: "closed ones after a year, strangers' open ones after three months, daily",
  },
  label: own,
  subject_status: { ...own, sweep: WITH_ACCOUNT },
  audit_log: own,
  did_cache: { by: "stranger", cap: SLOTS, sweep: "after a day, daily" },
  handle_cache: { by: "stranger", cap: SLOTS, sweep: "after an hour, daily" },
  actor_mute: byMember("10,000 each"),
  list_mute: byMember("1,000 each"),
  thread_mute: byMember("2,000 each"),
  bookmark: byMember("10,000 each"),
  draft: byMember("500 each, of 5,000,000 characters in all"),
  notification_seen: byMember("one each"),
  notification_pref: byMember("one each, of the kinds that there are"),
  activity_subscription: byMember("1,000 each"),
  reset_code: { by: "stranger", cap: "one a member", sweep: "after an hour, hourly, and with the account" },
  unsent_mail: {
    by: "stranger",
    cap: "one a member and purpose",
    sweep: "after an hour, hourly, and with the account",
  },
  mail_log: {
    by: "stranger",
    cap: "2,000; the oldest make way",
    sweep: "after thirty days, daily, and when the member is gone (trigger)",
  },
  hand_over: { by: "operator", cap: "one row", sweep: "when accepted or stopped" },
  blocked_link: { by: "operator", cap: "500", sweep: "when allowed again" },
  announcement: { by: "operator", cap: "100; the oldest make way", sweep: "by the next one" },
  quiet_member: { by: "member", cap: "one each", sweep: "when the member is gone (trigger)" },
  mail_text: { by: "operator", cap: "one a text and language", sweep: "when Atoll's own is taken again" },
  allowance: {
    by: "stranger",
    cap: "one a member and kind, and one a kind and slot of strangers (slotOf)",
    sweep: "when its windows are over, daily, and with the account",
  },
  relay: { by: "operator", cap: "one a relay of the settings", sweep: "never" },
  backup_run: { by: "host", cap: "the runs that are kept, BACKUP_KEEP of them", sweep: "after each run" },
  examination: { by: "host", cap: "five, of 200 findings each", sweep: "by the next one" },
  backup_account: {
    by: "member",
    cap: "one row an account, of the visits since a full one, 15 at most",
    sweep: "when no kept run has the account any more, after each run; at once if none ever had (trigger)",
  },
  host_task: { by: "host", cap: "one row a name", sweep: "never" },
  oauth_device: {
    by: "member",
    cap: "the browsers that somebody is signed in on",
    sweep: "with the last sign-in",
  },
  oauth_device_account: byMember("50 each (trigger)"),
  oauth_request: {
    by: "stranger",
    cap: "5,000, of 16,384 characters each",
    sweep: "ten minutes after they expired",
  },
  oauth_session: byMember("100 each; the one refreshed longest ago makes way"),
  oauth_spent: { by: "member", cap: "100 a session", sweep: "with the session (trigger)" },
  oauth_consent: byMember("500 each; the oldest make way"),
  oauth_lexicon: {
    by: "stranger",
    cap: "500, of 65,536 characters each; those that nobody could resolve make way first",
    sweep: "after thirty days, daily",
  },
  oauth_replay: { by: "stranger", cap: SLOTS, sweep: "when expired, hourly" },
  passkey: byMember("20 each"),
};

const APPVIEW: Record<string, Bound> = {
  cursor: { by: "host", cap: "one row a source", sweep: "never" },
  poison: { by: "host", cap: "the events that ingest could not apply", sweep: "by a rebuild" },
  actor: {
    by: "member",
    cap: "the accounts; of other hosts' 1,000 (free) or 25,000, and whom records here point at",
    sweep: "with the account; of other hosts' unseen ones after 30 days, hourly",
  },
  post: record,
  feed_item: record,
  like: record,
  repost: record,
  follow: record,
  block: record,
  list_block: record,
  list_item: record,
  verification: record,
  duplicate: record,
  record,
  notification: record,
  takedown: {
    by: "member",
    cap: "what moderators take down, and the posts with blocked links",
    sweep: "when restored or allowed, and with the post and the account",
  },
  blocked_link: { by: "operator", cap: "500", sweep: "when allowed again" },
  label: own,
  bookmark_total: { by: "member", cap: "the posts that somebody bookmarked", sweep: "by a rebuild" },
  rebuild_failure: { by: "host", cap: "the host's accounts", sweep: "by the next rebuild" },
  backlog: { by: "member", cap: "the host's accounts", sweep: "once it is indexed, or set aside" },
  rebuild: { by: "host", cap: "one row", sweep: "when the rebuild is done" },
};

/** Full-text search keeps tables of its own beside each of these. */
const SEARCHES = ["actor_search", "post_search", "post_word"];

const ACCOUNT: Record<string, Bound> = {
  account: { by: "host", cap: "one row", sweep: "with the object" },
  record,
  record_takedown: { by: "operator", cap: "what moderators take down", sweep: "when restored" },
  irregular: { by: "member", cap: "one row, of the first entries", sweep: "by the next import" },
  mst: record,
  log: { by: "member", cap: "a ring: an acknowledged slot is used again", sweep: "with the object" },
  blob: { by: "member", cap: "uploads per day and hour", sweep: "a day after nothing refers to it" },
  blob_ref: record,
  file: { by: "member", cap: "uploads per day and hour", sweep: "with its blob; one that died, after a day" },
  file_chunk: { by: "member", cap: "the object's 9 GB, a megabyte a row", sweep: "with its file" },
  trash: { by: "host", cap: "the blobs that were deleted", sweep: "by the alarm" },
  app_password: { by: "member", cap: "what the member makes", sweep: "when revoked" },
  refresh_token: { by: "member", cap: "sign-ins per day", sweep: "when expired, with the next refresh" },
  email_token: { by: "stranger", cap: "one a purpose", sweep: "when used" },
  preference: {
    by: "member",
    cap: "one row a namespace, as long as a request may be",
    sweep: "with the object",
  },
};

const SEQUENCER: Record<string, Bound> = {
  fan_out: { by: "stranger", cap: "the fan-out objects there can be", sweep: "when its last reader is gone" },
  cut: { by: "stranger", cap: "one row a stream and reason", sweep: "never: counts" },
  event: { by: "member", cap: "three days, two gigabytes", sweep: "by the alarm" },
  event_tail: { by: "member", cap: "the events", sweep: "with the event" },
  repo: { by: "member", cap: "one row an account", sweep: "never: a relay may ask for a deleted one" },
  horizon: { by: "host", cap: "one row", sweep: "never" },
  kept_settings: { by: "operator", cap: "one row (CHECK)", sweep: "never" },
};

const NEIGHBOURS: Record<string, Bound> = {
  host: {
    by: "member",
    cap: "the hosts of the accounts below",
    sweep: "when none of its accounts is left",
  },
  account: {
    by: "stranger",
    cap: "2,000 or 50,000 by plan; 200 that are new to us an hour and host",
    sweep: "90 days after somebody was met whom nobody follows; when they move in",
  },
  asking: { by: "stranger", cap: "500, of which 50 a day", sweep: "after 30 days" },
};

interface Databases {
  DIRECTORY: D1Database;
  APPVIEW_DB: D1Database;
}
const databases: Databases = env as never;

async function tablesOf(database: D1Database): Promise<string[]> {
  const { results } = await database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all<{ name: string }>();
  return results
    .map(({ name }) => name)
    .filter(
      (name) => !/^(sqlite_|_cf_|d1_)/.test(name) && !SEARCHES.some((search) => name.startsWith(search)),
    );
}

const sources = import.meta.glob("../migrations/{account,sequencer,neighbours}/*.sql", {
  query: "?raw",
  import: "default",
  eager: true,
}) as Record<string, string>;

/** Tables that the migrations of an object leave. */
function tablesIn(folder: string): string[] {
  const tables = new Set<string>();
  for (const [file, sql] of Object.entries(sources).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (!file.includes(`/${folder}/`)) continue;
    for (const [, verb, name = ""] of sql.matchAll(
      /^(CREATE|DROP) TABLE (?:IF (?:NOT )?EXISTS )?"?(\w+)"?/gm,
    )) {
      if (verb === "CREATE") tables.add(name);
      else tables.delete(name);
    }
    for (const [, from = "", to = ""] of sql.matchAll(/^ALTER TABLE "?(\w+)"? RENAME TO "?(\w+)"?/gm)) {
      tables.delete(from);
      tables.add(to);
    }
  }
  return [...tables].toSorted();
}

const listed = (bounds: Record<string, Bound>) => Object.keys(bounds).toSorted();

describe("each table says who can make it grow, what bounds it, and what shrinks it", () => {
  test("in the directory", async () => {
    expect(listed(DIRECTORY)).toEqual((await tablesOf(databases.DIRECTORY)).toSorted());
  });
  test("in the index", async () => {
    expect(listed(APPVIEW)).toEqual((await tablesOf(databases.APPVIEW_DB)).toSorted());
  });
  test("in an account", () => {
    expect(listed(ACCOUNT)).toEqual(tablesIn("account"));
  });
  test("in the sequencer", () => {
    expect(listed(SEQUENCER)).toEqual(tablesIn("sequencer"));
  });
  test("in the object of the neighbours", () => {
    expect(listed(NEIGHBOURS)).toEqual(tablesIn("neighbours"));
  });
});

const everything = { ...NEIGHBOURS, ...DIRECTORY, ...APPVIEW, ...ACCOUNT, ...SEQUENCER };

test("what strangers can grow is bounded and swept", () => {
  for (const [table, { by, cap, sweep }] of Object.entries(everything)) {
    expect(cap, table).not.toBe("");
    if (by === "stranger") expect(sweep === "never", table).toBe(false);
  }
});

test("a table that is said to have slots has them, and one that is said to go with the account does", async () => {
  const { results } = await databases.DIRECTORY.prepare("SELECT type, name, sql FROM sqlite_schema").all<{
    type: string;
    name: string;
    sql: string | null;
  }>();
  const sqlOf = (type: string, name: string) =>
    results.find((row) => row.type === type && row.name === name)?.sql ?? "";
  const out = sqlOf("trigger", "account_out");
  for (const [table, { cap, sweep }] of Object.entries(DIRECTORY)) {
    if (cap === SLOTS) expect(sqlOf("table", table)).toMatch(/slot INTEGER PRIMARY KEY NOT NULL CHECK/);
    if (sweep === WITH_ACCOUNT || sweep.endsWith("and with the account")) {
      expect(out, table).toContain(`DELETE FROM ${table} WHERE did = old.did;`);
    }
  }
});
