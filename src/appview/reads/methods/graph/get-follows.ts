/** app.bsky.graph.getFollows, getFollowers. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { Did } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { LATEST, parseCursor } from "../../cursors.ts";
import { complete, newFacts } from "../../hydration.ts";
import { type Page, pageOf } from "../../queries/feeds.ts";
import { type FollowRow, selectDid, selectFollowers, selectFollows } from "../../queries/graph.ts";
import type { ViewContext } from "../../view-context.ts";
import { profileView } from "../../views/profile.ts";
import { blockEachOther, viewerBlocks } from "../../views/rules.ts";
import type { PageParams } from "../fill-page.ts";
import { filled } from "../paged.ts";
import type { Plain } from "../../views/typed.ts";

type Profile = Plain<AppBskyActorDefs.ProfileView>;

interface Params extends PageParams {
  actor: string;
}

interface Outcome {
  subject: Profile;
  profiles: Profile[];
  cursor?: string | undefined;
}

/** Refuses InvalidRequest `Actor not found: …`, also for an account that is hidden. */
async function read(reading: ViewContext, params: Params, select: typeof selectFollows): Promise<Outcome> {
  let subject: Profile | undefined;
  const { items, cursor } = await filled<Profile>(reading, params, async (from, limit) => {
    const page = await readPage(reading, params.actor, select, from, limit);
    subject = page.subject;
    return page;
  });
  if (subject === undefined) throw invalidRequest(`Actor not found: ${params.actor}`);
  return { subject, profiles: items, cursor };
}

async function readPage(
  reading: ViewContext,
  actor: string,
  select: typeof selectFollows,
  from: string | undefined,
  limit: number,
): Promise<Page<Profile> & { subject: Profile | undefined }> {
  const { db } = reading;
  const cursor = parseCursor(from);
  const [named, found] = await db.batch<FollowRow & { did: Did | null }>([
    selectDid(db, actor),
    select(db, actor, cursor ?? LATEST, limit),
  ]);
  const did: Did | null = named?.results[0]?.did ?? null;
  if (did === null) throw invalidRequest(`Actor not found: ${actor}`);
  const page = pageOf(cursor === null ? [] : (found?.results ?? []), limit);
  const facts = newFacts(reading);
  await complete(reading, facts, {
    dids: [did, ...page.rows.map((row) => row.did)],
    pairs: page.rows.map((row) => [did, row.did] as const),
  });
  const present = { facts, images: reading.images };
  return {
    subject: profileView(present, did),
    items: page.rows.flatMap((row) =>
      blockEachOther(facts, did, row.did) || viewerBlocks(facts, row.did)
        ? []
        : (profileView(present, row.did) ?? []),
    ),
    cursor: page.cursor,
  };
}

export async function getFollows(reading: ViewContext, params: Params) {
  const { profiles, ...rest } = await read(reading, params, selectFollows);
  return { ...rest, follows: profiles };
}

export async function getFollowers(reading: ViewContext, params: Params) {
  const { profiles, ...rest } = await read(reading, params, selectFollowers);
  return { ...rest, followers: profiles };
}
