/** All that the directory knows of one member, in one trip. */
import { LISTED_COLUMNS, type ListedRow, listedMember } from "../../identity/member-list.ts";
import type { Member } from "../../identity/member.ts";
import type { Role } from "../../moderation/roles.ts";
import { read, trip } from "./trip.ts";

export interface ReportLine {
  id: number;
  reasonType: string;
  reason: string | null;
  subjectDid: string;
  subjectUri: string | null;
  state: "open" | "resolved" | "dismissed";
  createdAt: string;
  note: string | null;
  /** Null if the reporter has no account here. */
  reporter: string | null;
}

export interface LogLine {
  id: number;
  at: string;
  action: string;
  subject: string | null;
  detail: string | null;
  /** A DID, or `admin`. */
  actor: string;
  /** The actor's handle; null for the admin, and for who has no account here. */
  handle: string | null;
}

export interface LabelLine {
  uri: string;
  val: string;
  cts: string;
}

export interface Invited {
  did: string;
  handle: string;
}

export interface MemberFacts {
  member: Member;
  role: Role | null;
  /** Null: the host itself, or nobody. */
  invitedBy: Invited | null;
  /** The first of them in order of time, `LINES` at most. */
  invited: Invited[];
  browsers: number;
  apps: number;
  passkeys: number;
  about: ReportLine[];
  by: ReportLine[];
  labels: LabelLine[];
  log: LogLine[];
}

const LINES = 20;
/** Greater than any character of a URI. */
const LAST = "\u{10ffff}";

export const REPORT_COLUMNS = `r.id, r.reason_type AS reasonType, r.reason, r.subject_did AS subjectDid,
  r.subject_uri AS subjectUri, r.state, r.created_at AS createdAt, r.note, a.handle AS reporter`;
const REPORTS = `SELECT ${REPORT_COLUMNS} FROM report r LEFT JOIN account a ON a.did = r.reported_by`;

interface Counts {
  role: Role | null;
  browsers: number;
  apps: number;
  passkeys: number;
}

/** Labels in force of what lies between two URIs: the newest of each value that is no negation. */
export const LABELS_BETWEEN = `SELECT l.uri, l.val, l.cts FROM label l WHERE l.uri >= ?1 AND l.uri <= ?2 AND l.neg = 0
  AND (l.exp IS NULL OR l.exp > ?3) AND NOT EXISTS (SELECT 1 FROM label later WHERE later.uri = l.uri
    AND later.val = l.val AND later.src = l.src AND later.seq > l.seq) ORDER BY l.seq DESC LIMIT ${LINES}`;

/** Acts upon an account (?1), and upon what is in its repo. */
export const LOG_OF = `SELECT l.id, l.at, l.action, l.subject, l.detail, l.actor, a.handle FROM audit_log l
  LEFT JOIN account a ON a.did = l.actor
  WHERE l.id IN (SELECT id FROM (SELECT id FROM audit_log WHERE subject = ?1 ORDER BY id DESC LIMIT ${LINES})
    UNION SELECT id FROM audit_log WHERE subject >= 'at://' || ?1 || '/' AND subject < 'at://' || ?1 || '0')
  ORDER BY l.id DESC LIMIT ${LINES}`;

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
        (SELECT count(*) FROM oauth_device_account WHERE did = ?1) AS browsers,
        (SELECT count(DISTINCT client_id) FROM oauth_session WHERE did = ?1) AS apps,
        (SELECT count(*) FROM (SELECT 1 FROM passkey WHERE did = ?1)) AS passkeys`),
    ),
    invitedBy: read<Invited>(
      on(`SELECT g.did, g.handle FROM account a JOIN invite_code c ON c.code = a.invite_code
        JOIN account g ON g.did = c.for_account WHERE a.did = ?1`),
    ),
    invited: read<Invited>(
      on(`SELECT a.did, a.handle FROM invite_code c JOIN invite_use u ON u.code = c.code
        JOIN account a ON a.did = u.used_by
        WHERE c.for_account = ?1 AND c.for_account <> 'admin' ORDER BY u.used_at LIMIT ${LINES}`),
    ),
    about: read<ReportLine>(on(`${REPORTS} WHERE r.subject_did = ?1 ORDER BY r.id DESC LIMIT ${LINES}`)),
    by: read<ReportLine>(on(`${REPORTS} WHERE r.reported_by = ?1 ORDER BY r.id DESC LIMIT ${LINES}`)),
    labels: read<LabelLine>(on(LABELS_BETWEEN, did, now)),
    recordLabels: read<LabelLine>(
      database.prepare(LABELS_BETWEEN).bind(`at://${did}/`, `at://${did}/${LAST}`, now),
    ),
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
    labels: [...found.labels, ...found.recordLabels],
    log: found.log,
  };
}
