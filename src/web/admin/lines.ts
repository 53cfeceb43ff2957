/** Lines of the lists on the admin's pages, and the SQL that gives them. */

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
  /** The handle of the account that it was about; null for anything else. */
  about: string | null;
}

export interface LabelLine {
  uri: string;
  val: string;
  cts: string;
}

export const LINES = 20;

/** The number of a line in a page's address, before or after which a list goes on; null if there is none. */
export function numberIn({ searchParams }: URL, name: string): number | null {
  const text = searchParams.get(name) ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

export const REPORT_COLUMNS = `r.id, r.reason_type AS reasonType, r.reason, r.subject_did AS subjectDid,
  r.subject_uri AS subjectUri, r.state, r.created_at AS createdAt, r.note, a.handle AS reporter`;
const IN_FORCE = `l.neg = 0 AND (l.exp IS NULL OR l.exp > ?2) AND NOT EXISTS (SELECT 1 FROM label later
  WHERE later.uri = l.uri AND later.val = l.val AND later.src = l.src AND later.seq > l.seq)`;
const LABELS = "SELECT l.uri, l.val, l.cts FROM label l";

/** Labels in force of these subjects (?1, JSON), at this time (?2). */
export const LABELS_IN = `${LABELS} WHERE l.uri IN (SELECT value FROM json_each(?1)) AND ${IN_FORCE}
  ORDER BY l.seq DESC LIMIT ${LINES}`;

/** The newest labels in force of an account (?1) and of what is in its repo, at this time (?2). */
export const LABELS_ON_REPO = `${LABELS} WHERE l.seq IN (
    SELECT seq FROM label WHERE uri = ?1
    UNION SELECT seq FROM (SELECT seq FROM label WHERE uri >= 'at://' || ?1 || '/' AND uri < 'at://' || ?1 || '0'
      ORDER BY seq DESC LIMIT ${LINES}))
  AND ${IN_FORCE} ORDER BY l.seq DESC LIMIT ${LINES}`;

export const LOG_LINES = `SELECT l.id, l.at, l.action, l.subject, l.detail, l.actor, a.handle, s.handle AS about
  FROM audit_log l LEFT JOIN account a ON a.did = l.actor LEFT JOIN account s ON s.did = l.subject`;

/** The newest acts upon an account (?1), and upon what is in its repo. */
export const LOG_OF = `${LOG_LINES}
  WHERE l.id IN (
    SELECT id FROM (SELECT id FROM audit_log WHERE subject = ?1 ORDER BY id DESC LIMIT ${LINES})
    UNION SELECT id FROM (SELECT id FROM audit_log WHERE subject >= 'at://' || ?1 || '/'
      AND subject < 'at://' || ?1 || '0' ORDER BY id DESC LIMIT ${LINES}))
  ORDER BY l.id DESC LIMIT ${LINES}`;
