/**
 * A host of ten thousand members and five hundred open reports, with years of what its moderators did: written
 * straight into the databases, since only what pages read of it is measured.
 */
import type { Subjects } from "./pages.ts";

export const MEMBERS = 10_000;
export const REPORTS = 500;

type Cell = string | number | null;

/** Runs a statement whose first parameter is a JSON array of rows. */
export type Insert = (database: "DIRECTORY" | "APPVIEW_DB", sql: string, json: string) => Promise<unknown>;

const AT_ONCE = 500;
const DAY_MS = 86_400_000;
const BEGUN = Date.UTC(2026, 0, 1);

export const didOf = (n: number): string => `did:plc:m${String(n).padStart(23, "0")}`;
const at = (ms: number): string => new Date(ms).toISOString();
const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

const columns = (count: number): string =>
  numbersTo(count)
    .map((n) => `value ->> ${n}`)
    .join(", ");

class Planting {
  readonly #insert: Insert;

  constructor(insert: Insert) {
    this.#insert = insert;
  }

  async rows(database: "DIRECTORY" | "APPVIEW_DB", into: string, rows: readonly Cell[][]): Promise<void> {
    const sql = `INSERT INTO ${into} SELECT ${columns(rows[0]?.length ?? 0)} FROM json_each(?1)`;
    for (let from = 0; from < rows.length; from += AT_ONCE)
      await this.#insert(database, sql, JSON.stringify(rows.slice(from, from + AT_ONCE)));
  }
}

/** The invite by which the inviter's first members came, and the inviter. */
const INVITE = "host-test-00000-00000";
const INVITER = didOf(1);
const ARCHIVE = { did: "did:plc:archivedarchivedarchived", madeAt: BEGUN };

/**
 * @param member the DID of a member who is there, whom many reports are about
 * @param posts at-uris of that member's posts
 */
export async function populate(insert: Insert, member: string, posts: readonly string[]): Promise<Subjects> {
  const planting = new Planting(insert);
  await plantMembers(planting);
  await plantReports(planting, member, posts);
  await plantJoining(planting);
  await plantUpkeep(planting);
  return {
    member,
    inviter: INVITER,
    post: posts[0] ?? `at://${member}/app.bsky.feed.post/3kaaaaaaaaaa2`,
    invite: INVITE,
    archive: `${ARCHIVE.did}:${ARCHIVE.madeAt}`,
  };
}

async function plantMembers(planting: Planting): Promise<void> {
  const numbers = numbersTo(MEMBERS);
  await planting.rows(
    "DIRECTORY",
    "account (did, handle, email, state, created_at, deactivated_at, takedown, invite_code)",
    numbers.map((n) => {
      // Several in the same minute.
      const createdAt = at(BEGUN + (n >> 3) * 60_000);
      const off = n % 10 === 3 ? createdAt : n % 10 === 4 ? at(BEGUN + 300 * DAY_MS) : null;
      return [
        didOf(n),
        `person${n}.test`,
        `person${n}@example.com`,
        off === null ? "active" : "deactivated",
        createdAt,
        off,
        n % 10 === 5 ? "suspended" : null,
        n > 1 && n < 1_000 ? INVITE : null,
      ];
    }),
  );
  await planting.rows(
    "APPVIEW_DB",
    "actor (did, handle, known, profile, name, slot)",
    numbers.map((n) => [
      didOf(n),
      `person${n}.test`,
      1,
      JSON.stringify({ displayName: `Person ${n}` }),
      `person ${n}`,
      n + 1_000,
    ]),
  );
  await planting.rows(
    "APPVIEW_DB",
    "actor_search (rowid, handle, name, did)",
    numbers.map((n) => [n + 1_000, `person${n}.test`, `person ${n}`, didOf(n)]),
  );
  await planting.rows(
    "DIRECTORY",
    "relay_missing (origin, did, day)",
    numbers.slice(0, 1_000).map((n) => ["https://relay.example", didOf(n), ""]),
  );
  await planting.rows(
    "DIRECTORY",
    "role (did, role, granted_by, granted_at)",
    numbers.slice(10, 30).map((n) => [didOf(n), n < 20 ? "moderator" : "inviter", "admin", at(BEGUN)]),
  );
}

/** A tenth about the member's account, a tenth about posts of theirs, the rest about others; and as many closed. */
async function plantReports(planting: Planting, member: string, posts: readonly string[]): Promise<void> {
  const subjectOf = (n: number): [did: string, uri: string | null] => {
    if (n % 10 === 0) return [member, null];
    if (n % 10 === 1) return [member, posts[Math.floor(n / 10) % posts.length] ?? null];
    return [didOf(n % 97), null];
  };
  await planting.rows(
    "DIRECTORY",
    "report (reason_type, reason, subject_did, subject_uri, reported_by, created_at, state, closed_by, closed_at)",
    numbersTo(2 * REPORTS).map((n) => {
      const isOpen = n < REPORTS;
      return [
        "com.atproto.moderation.defs#reasonSpam",
        "They post this under everything that I write.",
        ...subjectOf(n),
        didOf(n + 1_000),
        at(BEGUN + 150 * DAY_MS + (n >> 2) * 1_000),
        isOpen ? "open" : "resolved",
        isOpen ? null : didOf(10),
        isOpen ? null : at(BEGUN + 200 * DAY_MS),
      ];
    }),
  );
  await planting.rows(
    "DIRECTORY",
    "audit_log (at, actor, action, subject, detail)",
    numbersTo(5_000).map((n) => [
      at(BEGUN + n * 60_000),
      n % 3 === 0 ? "admin" : didOf(10 + (n % 10)),
      "updateSubjectStatus",
      n % 10 === 0 ? member : didOf(n),
      JSON.stringify({ takedown: { applied: n % 2 === 0, ref: "SUSPEND" } }),
    ]),
  );
  await planting.rows(
    "DIRECTORY",
    "label (src, uri, val, cts, sig)",
    numbersTo(2_000).map((n) => [
      "did:web:host.test",
      n % 10 === 0 ? member : didOf(n),
      n % 20 === 0 ? "spam" : "!warn",
      at(BEGUN + n),
      "",
    ]),
  );
}

/** Invites of the host and of one member, with those who came by them, and requests to join. */
async function plantJoining(planting: Planting): Promise<void> {
  await planting.rows(
    "DIRECTORY",
    "invite_code (code, available_uses, for_account, created_by, created_at)",
    numbersTo(2_000).map((n) => [
      `host-test-${String(n).padStart(5, "0")}-00000`,
      n === 0 ? 1_000 : 5,
      n === 0 ? INVITER : n % 4 === 0 ? didOf(n) : "admin",
      n === 0 ? INVITER : "admin",
      at(BEGUN + (n >> 2) * 60_000),
    ]),
  );
  await planting.rows(
    "DIRECTORY",
    "invite_use (code, used_by, used_at)",
    numbersTo(1_000)
      .slice(2)
      .map((n) => [INVITE, didOf(n), at(BEGUN + (n >> 3) * 60_000)]),
  );
  await planting.rows(
    "DIRECTORY",
    "join_request (key_digest, handle, email, reason, state, asked_at, ends_at, did)",
    numbersTo(1_200).map((n) => {
      const isWaiting = n < 400;
      return [
        `digest-${n}`,
        `asker${n}.test`,
        isWaiting ? `asker${n}@example.com` : null,
        "I live on the island, and would like to read what my neighbours write.",
        isWaiting ? "waiting" : "joined",
        at(BEGUN + (n >> 2) * 60_000),
        isWaiting ? "2999-01-01T00:00:00.000Z" : null,
        isWaiting ? null : didOf(n),
      ];
    }),
  );
}

async function plantUpkeep(planting: Planting): Promise<void> {
  await planting.rows(
    "DIRECTORY",
    "archive (did, made_at, handle, key, until, actor, rev, bytes, cid, files, file_bytes)",
    numbersTo(120).map((n) => [
      ARCHIVE.did,
      ARCHIVE.madeAt + n,
      "gone.test",
      `kept/${ARCHIVE.did}/${ARCHIVE.madeAt + n}.car`,
      "2999-01-01",
      "admin",
      "3",
      5,
      "x",
      0,
      0,
    ]),
  );
  await planting.rows(
    "DIRECTORY",
    "mail_log (at, kind, did, failure)",
    numbersTo(2_000).map((n) => [at(BEGUN + n), "confirm_email", didOf(n), n % 50 === 0 ? "refused" : null]),
  );
  await planting.rows(
    "DIRECTORY",
    "unsent_mail (did, purpose, subject, text, at)",
    numbersTo(150).map((n) => [
      didOf(n),
      "reset_password",
      "A new password",
      "Your code: 12345",
      at(Date.now()),
    ]),
  );
  await planting.rows(
    "DIRECTORY",
    "announcement (at, by, uri, subject, text, total, sent)",
    numbersTo(100).map((n) => [at(BEGUN + n), didOf(10), null, "News", "We move on Friday.", 9_000, 9_000]),
  );
  await plantLinks(planting);
}

/** Names and links that are kept out, and the host's numbers of two years. */
async function plantLinks(planting: Planting): Promise<void> {
  await planting.rows(
    "DIRECTORY",
    "reserved_name (name, reserved_by, reserved_at)",
    numbersTo(300).map((n) => [`name${n}`, "admin", at(BEGUN)]),
  );
  await planting.rows(
    "DIRECTORY",
    "blocked_link (domain, blocked_by, blocked_at)",
    numbersTo(300).map((n) => [`scam${n}.example`, "admin", at(BEGUN)]),
  );
  await planting.rows(
    "APPVIEW_DB",
    "takedown (subject, ref)",
    numbersTo(1_500).map((n) => [
      `at://${didOf(n)}/app.bsky.feed.post/3kaaaaaaaaaa2`,
      `blocked link scam${n % 300}.example`,
    ]),
  );
  await planting.rows(
    "DIRECTORY",
    "day_number (day, numbers)",
    numbersTo(700).map((n) => {
      const numbers = {
        members: n * 14,
        active: n * 9,
        posts: n * n,
        likes: n * n * 3,
        written: n * n * 9,
        requests: n * 900,
      };
      return [at(Date.now() - (n + 1) * DAY_MS).slice(0, 10), JSON.stringify(numbers)];
    }),
  );
}
