/** app.bsky.graph.getKnownFollowers: an account's followers that the viewer follows. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { Did } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { parseOffset } from "../../cursors.ts";
import { complete, newFacts } from "../../hydration.ts";
import { knownFollowersOf, selectNamed } from "../../queries/known.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { Script } from "../../script.ts";
import { INVALID_HANDLE, profileView } from "../../views/profile.ts";
import { viewerBlocks } from "../../views/rules.ts";
import type { Plain } from "../../views/typed.ts";
import type { PageParams } from "../fill-page.ts";

type Profile = Plain<AppBskyActorDefs.ProfileView>;

/**
 * Refuses InvalidRequest `Actor not found: …` for a handle that nobody has. As in the reference, an account that
 * is missing or hidden has no known followers.
 */
export async function getKnownFollowers(
  reading: MemberViewContext,
  params: PageParams & { actor: string },
): Promise<{ subject: Profile; followers: Profile[]; cursor?: string | undefined }> {
  const { db, viewer } = reading;
  const { actor, limit } = params;
  const offset = parseOffset(params.cursor);
  const script = new Script();
  const named: { did: Did | null }[] = [];
  const known: { known: Did }[] = [];
  script.add<{ did: Did | null }>(true, selectNamed(db, [actor]), (rows) => named.push(...rows));
  script.add<{ known: Did }>(offset !== null, knownFollowersOf(db, viewer, [actor]), (rows) =>
    known.push(...rows),
  );
  await script.run(db);
  const did = named[0]?.did ?? null;
  if (did === null) throw invalidRequest(`Actor not found: ${actor}`);
  const end = (offset ?? 0) + limit;
  const page = known.slice(offset ?? 0, end).map((row) => row.known);
  const facts = await complete(reading, newFacts(reading), { dids: [did, ...page] });
  const present = { facts, images: reading.images };
  const subject = profileView(present, did);
  if (subject === undefined) return { subject: { did, handle: INVALID_HANDLE }, followers: [] };
  return {
    subject,
    followers: page.flatMap((one) => (viewerBlocks(facts, one) ? [] : (profileView(present, one) ?? []))),
    cursor: known.length > end ? String(end) : undefined,
  };
}
