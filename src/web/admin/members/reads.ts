/** All that the directory knows of one member, in one trip. */
import { LISTED_COLUMNS, type ListedRow, listedMember } from "../../../identity/member-list.ts";
import type { Member } from "../../../identity/member.ts";
import type { Role } from "../../../moderation/roles.ts";
import {
  LABELS_ON_REPO,
  LINES,
  LOG_OF,
  type LabelLine,
  type LogLine,
  REPORT_COLUMNS,
  type ReportLine,
} from "../lines.ts";
import { read, trip } from "../trip.ts";

export interface Invited {
  did: string;
  handle: string;
}

export interface MemberFacts {
  member: Member;
  role: Role | null;
  /** Null: the host itself, or nobody. */
  invitedBy: Invited | null;
  /** Some of them, `LINES` at most. */
  invited: Invited[];
  /** Why they wanted to join; null if they did not have to ask. */
  reason: string | null;
  browsers: number;
  apps: number;
  passkeys: number;
  about: ReportLine[];
  by: ReportLine[];
  labels: LabelLine[];
  log: LogLine[];
}

const REPORTS = `SELECT ${REPORT_COLUMNS} FROM report r LEFT JOIN account a ON a.did = r.reported_by`;

interface Counts {
  role: Role | null;
  reason: string | null;
  browsers: number;
  apps: number;
  passkeys: number;
}

/** Null if there is no such member. */
export async function readMember(database: D1Database, did: string): Promise<MemberFacts | null> {
  const on = (sql: string, ...more: unknown[]) => database.prepare(sql).bind(did, ...more);
  const now = new Date().toISOString();
  const found = await trip(database, {
    member: read<ListedRow>(
      on(
        `SELECT ${LISTED_COLUMNS} FROM account a WHERE a.did = ?1 AND a.state NOT IN ('reserved', 'deleted')`,
      ),
    ),
    counts: read<Counts>(
      on(`SELECT (SELECT role FROM role WHERE did = ?1) AS role,
        (SELECT reason FROM join_request WHERE did = ?1) AS reason,
        (SELECT count(*) FROM oauth_device_account WHERE did = ?1) AS browsers,
        (SELECT count(DISTINCT client_id) FROM oauth_session WHERE did = ?1) AS apps,
        (SELECT count(*) FROM (SELECT 1 FROM passkey WHERE did = ?1)) AS passkeys`),
    ),
    invitedBy: read<Invited>(
      on(`SELECT g.did, g.handle FROM account a JOIN invite_code c ON c.code = a.invite_code
        JOIN account g ON g.did = c.for_account WHERE a.did = ?1`),
    ),
    invited: read<Invited>(
      on(`SELECT a.did, a.handle FROM invite_code c CROSS JOIN invite_use u ON u.code = c.code
        CROSS JOIN account a ON a.did = u.used_by
        WHERE c.for_account = ?1 AND c.for_account <> 'admin' LIMIT ${LINES}`),
    ),
    about: read<ReportLine>(on(`${REPORTS} WHERE r.subject_did = ?1 ORDER BY r.id DESC LIMIT ${LINES}`)),
    by: read<ReportLine>(on(`${REPORTS} WHERE r.reported_by = ?1 ORDER BY r.id DESC LIMIT ${LINES}`)),
    labels: read<LabelLine>(on(LABELS_ON_REPO, now)),
    log: read<LogLine>(on(LOG_OF)),
  });
  const [row] = found.member;
  const [counts] = found.counts;
  if (row === undefined || counts === undefined) return null;
  return {
    ...counts,
    member: listedMember(row),
    invitedBy: found.invitedBy[0] ?? null,
    invited: found.invited,
    about: found.about,
    by: found.by,
    labels: found.labels,
    log: found.log,
  };
}
