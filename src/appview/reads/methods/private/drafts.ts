/**
 * app.bsky.draft.createDraft, updateDraft, deleteDraft, getDrafts: unfinished posts, private to their author.
 */
import type { AppBskyDraftDefs } from "@atcute/bluesky";
import type { Tid } from "@atcute/lexicons";
import { Refusal } from "../../../../protocol/refusal.ts";
import { tidFromMicros } from "../../../../protocol/tid.ts";
import { isoOf } from "../../../instants.ts";
import { IS_MEMBER, notMember } from "../../queries/kept.ts";
import { millisecondsOf } from "../../queries/private.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import type { PageParams } from "../fill-page.ts";
import { pagedOwn } from "../paged.ts";

/** How many drafts one member may keep, as in the reference, and how many characters of JSON they may have. */
const LIMIT = 500;
const CHARACTERS = 5_000_000;

/** Whether a draft (`?3`) fits among a viewer's (`?1`) others, of which it may replace one (`?2`). */
const FITS = `(SELECT coalesce(sum(length(draft)), 0) FROM draft WHERE did = ?1 AND id <> ?2)
  + length(?3) <= ${CHARACTERS}`;

async function isMember({ directory, viewer }: MemberViewContext): Promise<boolean> {
  const [row] = await rowsOf<{ member: number }>(
    directory,
    directory.prepare(`SELECT ${IS_MEMBER} AS member`).bind(viewer),
  );
  return row?.member === 1;
}

/** Refuses DraftLimitReached, AccountNotFound (403). */
export async function createDraft(
  reading: MemberViewContext,
  { draft }: { draft: AppBskyDraftDefs.Draft },
): Promise<{ id: Tid }> {
  const { directory, viewer, now } = reading;
  const id = tidFromMicros(now * 1000 + Math.floor(Math.random() * 1000), Math.floor(Math.random() * 1024));
  const { meta } = await directory
    .prepare(
      `INSERT INTO draft (did, id, draft, created_at, updated_at)
        SELECT ?1, ?2, ?3, ?4, ?4
        WHERE ${IS_MEMBER} AND (SELECT count(*) FROM draft WHERE did = ?1) < ${LIMIT} AND ${FITS}`,
    )
    .bind(viewer, id, JSON.stringify(draft), isoOf(now))
    .run();
  if (meta.changes > 0) return { id };
  if (!(await isMember(reading))) throw notMember();
  throw new Refusal("DraftLimitReached", "Drafts limit reached", 400);
}

/**
 * Updates a draft. Does nothing and reports no error if it does not exist, as in the reference. Refuses
 * DraftLimitReached.
 */
export async function updateDraft(
  { directory, viewer, now }: MemberViewContext,
  { draft: { id, draft } }: { draft: AppBskyDraftDefs.DraftWithId },
): Promise<void> {
  const [updated, found] = await directory.batch([
    directory
      .prepare(`UPDATE draft SET draft = ?3, updated_at = ?4 WHERE did = ?1 AND id = ?2 AND ${FITS}`)
      .bind(viewer, id, JSON.stringify(draft), isoOf(now)),
    directory.prepare("SELECT 1 FROM draft WHERE did = ?1 AND id = ?2").bind(viewer, id),
  ]);
  if (updated?.meta.changes === 0 && (found?.results.length ?? 0) > 0) {
    throw new Refusal("DraftLimitReached", "Drafts limit reached", 400);
  }
}

export async function deleteDraft(
  { directory, viewer }: MemberViewContext,
  { id }: { id: string },
): Promise<void> {
  await directory.prepare("DELETE FROM draft WHERE did = ?1 AND id = ?2").bind(viewer, id).run();
}

/** One draft; null if the viewer has none of this name. */
export async function getDraft(
  { directory, viewer }: MemberViewContext,
  id: string,
): Promise<AppBskyDraftDefs.Draft | null> {
  const [row] = await rowsOf<{ draft: string }>(
    directory,
    directory.prepare("SELECT draft FROM draft WHERE did = ?1 AND id = ?2").bind(viewer, id),
  );
  return row === undefined ? null : JSON.parse(row.draft);
}

interface DraftRow {
  id: Tid;
  draft: string;
  created_at: string;
  updated_at: string;
  sort: number;
  key: string;
}

/** The viewer's drafts, last updated first. Refuses InvalidRequest `Malformed cursor`. */
export async function getDrafts(reading: MemberViewContext, params: PageParams) {
  const { items, cursor } = await pagedOwn<DraftRow, AppBskyDraftDefs.DraftView>(
    reading,
    params,
    `SELECT id, draft, created_at, updated_at, ${millisecondsOf("updated_at")} AS sort, id AS key
      FROM draft WHERE did = ?1`,
    async (rows) =>
      rows.map(({ id, draft, created_at, updated_at }) => ({
        id,
        // Validated when it was stored.
        draft: JSON.parse(draft),
        createdAt: created_at,
        updatedAt: updated_at,
      })),
  );
  return { drafts: items, cursor };
}
