/**
 * Lists of members for those who look after the host: statements that read about as many rows as they give,
 * for callers that ask several things in one trip.
 */
import { invalidRequest } from "../protocol/refusal.ts";
import { type AccountRow, type Member, asMember } from "./member.ts";

/**
 * `in`: brought along from another host, and never switched on here. `out`: switched off, as by who moves away.
 * `unseen`: not known to some relay.
 */
export type MemberFilter = "all" | "suspended" | "in" | "out" | "unseen";

/** An account as these statements give it. */
export type ListedRow = Omit<AccountRow, "invitesDisabled"> & { invitesDisabled: number };

export const LISTED_COLUMNS = `a.did, a.handle, a.email, a.email_confirmed_at AS emailConfirmedAt, a.state, a.takedown,
  a.takedown_ref AS takedownRef, a.created_at AS createdAt, a.deactivated_at AS deactivatedAt,
  a.delete_after AS deleteAfter, a.invite_code AS inviteCode, a.invites_disabled AS invitesDisabled,
  a.invite_note AS inviteNote, a.sessions_ended_at AS sessionsEndedAt, a.handle_checked_at AS handleCheckedAt,
  a.handle_confirmed_at AS handleConfirmedAt`;

export const listedMember = (row: ListedRow): Member =>
  asMember({ ...row, invitesDisabled: row.invitesDisabled === 1 });

/** Each but `unseen` has an index of its own, by `created_at` and `did`. */
const CONDITION: Record<MemberFilter, string> = {
  all: "a.state NOT IN ('reserved', 'deleted')",
  suspended: "a.takedown IS NOT NULL AND a.state NOT IN ('reserved', 'deleted')",
  in: "a.state = 'deactivated' AND a.deactivated_at = a.created_at",
  out: "a.state = 'deactivated' AND a.deactivated_at > a.created_at",
  unseen: "a.state = 'active'",
};

/** Whether an account was brought along, and was never switched on here. */
export const isMovingIn = ({ state, deactivatedAt, createdAt }: Member): boolean =>
  state === "deactivated" && deactivatedAt === createdAt;

/** Those whom a relay does not know are few, or too many for a list; they are read before their accounts. */
const SOURCE: Record<MemberFilter, string> = {
  all: "account a",
  suspended: "account a",
  in: "account a",
  out: "account a",
  unseen: "(SELECT DISTINCT did FROM relay_missing LIMIT 800) AS m CROSS JOIN account a ON a.did = m.did",
};

/** Newest first. Refuses InvalidRequest for an invalid cursor. */
export function membersPage(
  database: D1Database,
  { filter, cursor, limit }: { filter: MemberFilter; cursor: string | null; limit: number },
): D1PreparedStatement {
  const [createdAt, did] = cursor === null ? ["~", ""] : cursor.split("::");
  if (!createdAt || did === undefined) throw invalidRequest("Malformed cursor");
  return database
    .prepare(
      `SELECT ${LISTED_COLUMNS} FROM ${SOURCE[filter]} WHERE ${CONDITION[filter]} AND (a.created_at, a.did) < (?1, ?2)
        ORDER BY a.created_at DESC, a.did DESC LIMIT ?3`,
    )
    .bind(createdAt, did, limit);
}

export const cursorAfter = ({ createdAt, did }: Member): string => `${createdAt}::${did}`;

/** Members whose handle or e-mail address begins with a text, whose DID it is, and those of `dids`. */
export function membersLike(
  database: D1Database,
  { text, dids, limit }: { text: string; dids: readonly string[]; limit: number },
): D1PreparedStatement {
  const begins = (column: string) =>
    `SELECT did FROM (SELECT did FROM account WHERE ${column} IS NOT NULL AND ${column} >= ?1
      AND ${column} < ?1 || char(1114111) ORDER BY ${column} LIMIT ?4)`;
  return database
    .prepare(
      `SELECT ${LISTED_COLUMNS} FROM account a WHERE a.did IN (
          SELECT ?2 UNION SELECT value FROM json_each(?3) UNION ${begins("handle")} UNION ${begins("email")})
        AND a.state NOT IN ('reserved', 'deleted') ORDER BY a.handle <> ?1, a.handle LIMIT ?4`,
    )
    .bind(text.toLowerCase(), text, JSON.stringify(dids), limit);
}
