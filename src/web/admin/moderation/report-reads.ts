/** Reports as moderators go through them: by subject. */
import {
  type PostAround,
  type SeenPost,
  selectAround,
  selectNewestOf,
  selectPosts,
  selectThreadUp,
} from "../../../appview/reads/moderator-view.ts";
import { type NamedRow, selectNames } from "../../../appview/reads/queries/names.ts";
import { LISTED_COLUMNS, type ListedRow, listedMember } from "../../../identity/member-list.ts";
import type { Member } from "../../../identity/member.ts";
import type { Role } from "../../../moderation/roles.ts";
import { type ReportedSubject, isAppeal } from "../../../moderation/reports.ts";
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

/** All open reports of one subject. */
export interface ReportGroup {
  /** A DID, or the at-uri of a record. */
  subject: string;
  did: string;
  /** Null: not here. */
  handle: string | null;
  count: number;
  reasons: string[];
  since: string;
  /** The handle of who takes care of it. */
  assignedTo: string | null;
  escalated: boolean;
  isAppeal: boolean;
}

interface GroupRow extends Omit<ReportGroup, "reasons" | "escalated" | "isAppeal"> {
  /** JSON */
  reasons: string;
  escalated: number;
}

/** The oldest open reports that are looked at. */
const LOOKED_AT = 800;
const GROUPS = 50;

/** ?1 whether those for the owners come first. */
const OPEN_GROUPS = `
  SELECT g.*, a.handle, m.handle AS assignedTo FROM (
    SELECT coalesce(subject_uri, subject_did) AS subject, subject_did AS did, count(*) AS count,
      json_group_array(DISTINCT reason_type) AS reasons, min(created_at) AS since,
      max(assigned_to) AS assignee, max(escalated_by IS NOT NULL) AS escalated
    FROM (SELECT * FROM report WHERE state = 'open' ORDER BY created_at LIMIT ${LOOKED_AT})
    GROUP BY coalesce(subject_uri, subject_did)
    ORDER BY escalated = ?1 DESC, count DESC, since LIMIT ${GROUPS}) AS g
  LEFT JOIN account a ON a.did = g.did LEFT JOIN account m ON m.did = g.assignee
  ORDER BY g.escalated = ?1 DESC, g.count DESC, g.since`;

export interface Queue {
  groups: ReportGroup[];
  posts: ReadonlyMap<string, SeenPost>;
}

const groupsFor = (database: D1Database, role: Role) =>
  read<GroupRow>(database.prepare(OPEN_GROUPS).bind(role === "owner" ? 1 : 0));

function groupOf({ reasons, escalated, ...row }: GroupRow): ReportGroup {
  const types = JSON.parse(reasons) as string[];
  return {
    ...row,
    reasons: types,
    escalated: escalated === 1,
    isAppeal: types.some(isAppeal),
  };
}

export async function readQueue(directory: D1Database, index: D1Database, role: Role): Promise<Queue> {
  const { groups } = await trip(directory, { groups: groupsFor(directory, role) });
  const uris = groups.map(({ subject }) => subject).filter((subject) => subject.startsWith("at:"));
  const posts = uris.length === 0 ? [] : (await selectPosts(index, uris).all<SeenPost>()).results;
  return { groups: groups.map(groupOf), posts: new Map(posts.map((post) => [post.uri, post])) };
}

/** The subject that waits next beside this one; null if none does. */
export async function readNext(database: D1Database, role: Role, subject: string): Promise<string | null> {
  const { groups } = await trip(database, { groups: groupsFor(database, role) });
  return nextIn(groups, subject);
}

const nextIn = (groups: readonly GroupRow[], subject: string): string | null =>
  groups.find((group) => group.subject !== subject)?.subject ?? null;

export interface SubjectFacts {
  /** Null: the author has no account here. */
  author: Member | null;
  role: Role | null;
  /** Of this subject, the newest first. */
  reports: (ReportLine & {
    subjectCid: string | null;
    assignedTo: string | null;
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

const REPORTS = `SELECT ${REPORT_COLUMNS}, r.subject_cid AS subjectCid, r.assigned_to AS assignedTo, r.escalated_by AS escalatedBy
  FROM report r LEFT JOIN account a ON a.did = r.reported_by
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
}

export async function readPosts(index: D1Database, { did, uri }: ReportedSubject): Promise<SubjectPosts> {
  const found = await trip(index, {
    thread: read<SeenPost>(selectThreadUp(index, uri ?? "")),
    around: read<PostAround>(selectAround(index, uri ?? "")),
    newest: read<SeenPost>(selectNewestOf(index, did)),
    names: read<NamedRow>(selectNames(index, [did])),
  });
  return { ...found, names: new Map(found.names.map((row) => [row.did, row])) };
}
