/** Open reports as moderators go through them: by subject. */
import { type SeenPost, selectPosts } from "../../../appview/reads/moderator-view.ts";
import type { Role } from "../../../moderation/roles.ts";
import { isAppeal } from "../../../moderation/reports.ts";
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

export const groupsFor = (database: D1Database, role: Role) =>
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

export const nextIn = (groups: readonly GroupRow[], subject: string): string | null =>
  groups.find((group) => group.subject !== subject)?.subject ?? null;
