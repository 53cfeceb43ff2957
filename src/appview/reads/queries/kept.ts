/**
 * Viewer state is stored for members of this host alone, and up to a limit: any account of the network can
 * ask this AppView as itself, and none of them may fill the directory.
 */
import type { Did } from "@atcute/lexicons";
import { Refusal, invalidRequest } from "../../../protocol/refusal.ts";
import { rowsOf } from "../script.ts";

/**
 * The private rows of viewers: the most of each that a viewer may have, and the column that tells them
 * apart.
 */
const KEPT = {
  actor_mute: { max: 10_000, key: "subject_did", name: "muted accounts" },
  list_mute: { max: 1_000, key: "list_uri", name: "muted lists" },
  thread_mute: { max: 2_000, key: "root_uri", name: "muted threads" },
  bookmark: { max: 10_000, key: "uri", name: "bookmarks" },
  activity_subscription: { max: 1_000, key: "subject_did", name: "subscriptions" },
} as const;

export type KeptTable = keyof typeof KEPT;

/** Longer than any key that names something in the network. */
const KEY_MAX = 1_000;

/** Whether the viewer (`?1`) is a member. */
export const IS_MEMBER = `EXISTS (SELECT 1 FROM account WHERE did = ?1 AND state IN ('active', 'deactivated'))`;

const fits = (table: KeptTable): string =>
  `((SELECT count(*) FROM ${table} WHERE did = ?1) < ${KEPT[table].max}
    OR EXISTS (SELECT 1 FROM ${table} WHERE did = ?1 AND ${KEPT[table].key} = ?2))`;

/** The condition under which a viewer (`?1`) may store a row with a key (`?2`). */
export const mayKeep = (table: KeptTable): string =>
  `${IS_MEMBER} AND length(?2) <= ${KEY_MAX} AND ${fits(table)}`;

/** Of a viewer who is not a member. */
export const notMember = () =>
  new Refusal("AccountNotFound", "Only members of this host can keep anything here", 403);

/**
 * Refuses what `mayKeep` did not let in. For a statement that stored nothing; does nothing if the row was
 * there already. Refuses AccountNotFound (403), InvalidRequest.
 */
export async function checkKept(
  directory: D1Database,
  viewer: Did,
  table: KeptTable,
  key: string,
): Promise<void> {
  if (key.length > KEY_MAX) throw invalidRequest("The subject's name is too long");
  const [row] = await rowsOf<{ member: number; fits: number }>(
    directory,
    directory.prepare(`SELECT ${IS_MEMBER} AS member, ${fits(table)} AS fits`).bind(viewer, key),
  );
  if (row?.member === 0) throw notMember();
  const { max, name } = KEPT[table];
  if (row?.fits === 0) throw invalidRequest(`You have ${max} ${name}, which is as many as can be kept`);
}
