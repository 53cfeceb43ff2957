/** One subject of reports, as moderators look at it. */
import {
  type PostAround,
  type SeenPost,
  selectAround,
  selectNewestOf,
  selectThreadUp,
} from "../../../appview/reads/moderator-view.ts";
import { type NamedRow, selectNames } from "../../../appview/reads/queries/names.ts";
import { LISTED_COLUMNS, type ListedRow, listedMember } from "../../../identity/member-list.ts";
import type { Member } from "../../../identity/member.ts";
import type { Role } from "../../../moderation/roles.ts";
import type { ReportedSubject } from "../../../moderation/reports.ts";
import {
  LABELS_IN,
  LOG_OF,
  type LabelLine,
  type LogLine,
  REPORT_COLUMNS,
  type ReportLine,
} from "../lines.ts";
import type { Names } from "../names.ts";
import { read, trip } from "../trip.ts";
import { groupsFor, nextIn } from "./queue-reads.ts";

export interface SubjectFacts {
  /** Null: the author has no account here. */
  author: Member | null;
  role: Role | null;
  /** Of this subject, the newest first. */
  reports: (ReportLine & {
    subjectCid: string | null;
    assignedTo: string | null;
    /** The handle of whom it is assigned to. */
    assignee: string | null;
    escalatedBy: string | null;
  })[];
  /** Of the author, about anything else. */
  others: ReportLine[];
  labels: LabelLine[];
  /** The reference of the takedown of a record, or of an account of another host. */
  takedown: string | null;
  log: LogLine[];
  /** The next subject that waits; null if this is the last one. */
  next: string | null;
}

type Reported = SubjectFacts["reports"][number];

const REPORTS = `SELECT ${REPORT_COLUMNS}, r.subject_cid AS subjectCid, r.assigned_to AS assignedTo,
  m.handle AS assignee, r.escalated_by AS escalatedBy
  FROM report r LEFT JOIN account a ON a.did = r.reported_by LEFT JOIN account m ON m.did = r.assigned_to
  WHERE r.id IN (SELECT id FROM report WHERE subject_did = ?1 ORDER BY id DESC LIMIT 200)`;

export async function readSubject(
  database: D1Database,
  { did, uri }: ReportedSubject,
  role: Role,
): Promise<SubjectFacts> {
  const on = (sql: string, ...more: unknown[]) => database.prepare(sql).bind(did, ...more);
  const subject = uri ?? did;
  const found = await trip(database, {
    author: read<ListedRow & { role: Role | null }>(
      on(`SELECT ${LISTED_COLUMNS}, r.role FROM account a LEFT JOIN role r ON r.did = a.did
        WHERE a.did = ?1 AND a.state NOT IN ('reserved', 'deleted')`),
    ),
    reports: read<Reported>(
      on(`${REPORTS} AND coalesce(r.subject_uri, r.subject_did) = ?2 ORDER BY r.id DESC LIMIT 50`, subject),
    ),
    others: read<ReportLine>(
      on(`${REPORTS} AND coalesce(r.subject_uri, r.subject_did) <> ?2 ORDER BY r.id DESC LIMIT 20`, subject),
    ),
    labels: read<LabelLine>(
      database
        .prepare(LABELS_IN)
        .bind(JSON.stringify(uri === null ? [did] : [uri, did]), new Date().toISOString()),
    ),
    takedown: read<{ ref: string }>(
      on("SELECT takedown_ref AS ref FROM subject_status WHERE did = ?1 AND subject = ?2", subject),
    ),
    log: read<LogLine>(on(LOG_OF)),
    groups: groupsFor(database, role),
  });
  const [author] = found.author;
  return {
    author: author === undefined ? null : listedMember(author),
    role: author?.role ?? null,
    reports: found.reports,
    others: found.others,
    labels: found.labels,
    takedown: found.takedown[0]?.ref ?? null,
    log: found.log,
    next: nextIn(found.groups, subject),
  };
}

export interface SubjectPosts {
  /** The post and those above it; empty if the subject is no post that is here. */
  thread: SeenPost[];
  /** Answers to the post, and other answers to what it answers. */
  around: PostAround[];
  newest: SeenPost[];
  names: Names;
  /** Why the index hides the subject; null if it does not. */
  hidden: string | null;
}

export async function readPosts(index: D1Database, { did, uri }: ReportedSubject): Promise<SubjectPosts> {
  const found = await trip(index, {
    thread: read<SeenPost>(selectThreadUp(index, uri ?? "")),
    around: read<PostAround>(selectAround(index, uri ?? "")),
    newest: read<SeenPost>(selectNewestOf(index, did)),
    names: read<NamedRow>(selectNames(index, [did])),
    hidden: read<{ ref: string }>(
      index.prepare("SELECT ref FROM takedown WHERE subject = ?1").bind(uri ?? did),
    ),
  });
  return {
    ...found,
    hidden: found.hidden[0]?.ref ?? null,
    names: new Map(found.names.map((row) => [row.did, row])),
  };
}
