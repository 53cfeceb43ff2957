/**
 * app.bsky.graph.muteActor, unmuteActor, muteActorList, unmuteActorList, muteThread, unmuteThread, getMutes:
 * private to the viewer. Each call is idempotent.
 */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { complete, newFacts } from "../../hydration.ts";
import { isoOf } from "../../../instants.ts";
import { millisecondsOf } from "../../queries/private.ts";
import { resolveUri } from "../../queries/actors.ts";
import { checkKept, mayKeep } from "../../queries/kept.ts";
import { didNamed } from "../../queries/graph.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { LIST, POST, collectionOf } from "../../../uris.ts";
import { profileView } from "../../views/profile.ts";
import type { Plain } from "../../views/typed.ts";
import type { PageParams } from "../fill-page.ts";
import { pagedOwn } from "../paged.ts";

interface MuteActorInput {
  actor: string;
  /** With either option, mutes only that kind; a repeated call replaces the previous options. */
  onlyReposts?: boolean | undefined;
  onlyQuoteposts?: boolean | undefined;
}

async function actorOf({ db }: MemberViewContext, actor: string): Promise<Did> {
  const did = await didNamed(db, actor);
  if (did === null) throw invalidRequest("Actor not found");
  return did;
}

/** Refuses InvalidRequest `Actor not found`, `Actor cannot mute themselves`. */
export async function muteActor(reading: MemberViewContext, input: MuteActorInput): Promise<void> {
  const { directory, viewer, now } = reading;
  const did = await actorOf(reading, input.actor);
  if (did === viewer) throw invalidRequest("Actor cannot mute themselves");
  const { onlyReposts = false, onlyQuoteposts = false } = input;
  const { meta } = await directory
    .prepare(
      `INSERT INTO actor_mute (did, subject_did, created_at, only_reposts, only_quoteposts)
        SELECT ?1, ?2, ?3, ?4, ?5 WHERE ${mayKeep("actor_mute")}
        ON CONFLICT (did, subject_did) DO UPDATE SET
          only_reposts = excluded.only_reposts, only_quoteposts = excluded.only_quoteposts`,
    )
    .bind(viewer, did, isoOf(now), onlyReposts ? 1 : 0, onlyQuoteposts ? 1 : 0)
    .run();
  if (meta.changes === 0) await checkKept(directory, viewer, "actor_mute", did);
}

/** Refuses InvalidRequest `Actor not found`. */
export async function unmuteActor(reading: MemberViewContext, { actor }: { actor: string }): Promise<void> {
  const { directory, viewer } = reading;
  const did = await actorOf(reading, actor);
  await directory
    .prepare("DELETE FROM actor_mute WHERE did = ?1 AND subject_did = ?2")
    .bind(viewer, did)
    .run();
}

/**
 * Mutable subjects: a list, or a thread by its first post. As in the reference, the URI's collection decides.
 */
const MUTED = {
  [LIST]: { table: "list_mute", column: "list_uri" },
  [POST]: { table: "thread_mute", column: "root_uri" },
} as const;

async function subjectOf(reading: MemberViewContext, uri: ResourceUri) {
  const collection = collectionOf(uri);
  if (collection !== LIST && collection !== POST) {
    throw invalidRequest("Only lists, and threads by their first posts, can be muted");
  }
  return { ...MUTED[collection], subject: await resolveUri(reading, uri) };
}

/**
 * Refuses InvalidRequest for a URI that is neither a list nor a post. The subject need not be known here yet.
 */
async function mute(reading: MemberViewContext, uri: ResourceUri): Promise<void> {
  const { directory, viewer, now } = reading;
  const { table, column, subject } = await subjectOf(reading, uri);
  const { meta } = await directory
    .prepare(
      `INSERT INTO ${table} (did, ${column}, created_at) SELECT ?1, ?2, ?3 WHERE ${mayKeep(table)}
        ON CONFLICT DO NOTHING`,
    )
    .bind(viewer, subject, isoOf(now))
    .run();
  if (meta.changes === 0) await checkKept(directory, viewer, table, subject);
}

async function unmute(reading: MemberViewContext, uri: ResourceUri): Promise<void> {
  const { directory, viewer } = reading;
  const { table, column, subject } = await subjectOf(reading, uri);
  await directory
    .prepare(`DELETE FROM ${table} WHERE did = ?1 AND ${column} = ?2`)
    .bind(viewer, subject)
    .run();
}

interface ListInput {
  list: ResourceUri;
}
interface ThreadInput {
  root: ResourceUri;
}

export const muteActorList = (reading: MemberViewContext, { list }: ListInput) => mute(reading, list);
export const unmuteActorList = (reading: MemberViewContext, { list }: ListInput) => unmute(reading, list);
export const muteThread = (reading: MemberViewContext, { root }: ThreadInput) => mute(reading, root);
export const unmuteThread = (reading: MemberViewContext, { root }: ThreadInput) => unmute(reading, root);

interface MutedRow {
  did: Did;
  sort: number;
  key: string;
}

/** Full mutes only, latest first. */
export async function getMutes(reading: MemberViewContext, params: PageParams) {
  const { items, cursor } = await pagedOwn<MutedRow, Plain<AppBskyActorDefs.ProfileView>>(
    reading,
    params,
    `SELECT subject_did AS did, subject_did AS key, ${millisecondsOf("created_at")} AS sort
      FROM actor_mute WHERE did = ?1 AND only_reposts = 0 AND only_quoteposts = 0`,
    async (rows) => {
      const dids = rows.map(({ did }) => did);
      const facts = await complete(reading, newFacts(reading), { dids });
      return dids.flatMap((did) => profileView({ facts, images: reading.images }, did) ?? []);
    },
  );
  return { mutes: items, cursor };
}
