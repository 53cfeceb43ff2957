/** app.bsky.graph.getKnownFollowers: an account's followers that the viewer follows. One page. */
import type { Did } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { parseCursor } from "../../cursors.ts";
import { complete, newFacts } from "../../hydration.ts";
import { knownFollowersOf, selectNamed } from "../../queries/known.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { Script } from "../../script.ts";
import { profileView } from "../../views/profile.ts";
import { viewerBlocks } from "../../views/rules.ts";
import type { PageParams } from "../paged.ts";

/** Refuses InvalidRequest `Actor not found: …`, also for an account that is hidden. */
export async function getKnownFollowers(reading: MemberViewContext, params: PageParams & { actor: string }) {
  const { db, viewer } = reading;
  const { actor, limit } = params;
  const script = new Script();
  let subject: Did | null = null;
  let known: Did[] = [];
  script.add<{ did: Did | null }>(true, selectNamed(db, [actor]), ([row]) => (subject = row?.did ?? null));
  script.add<{ known: Did }>(
    parseCursor(params.cursor) !== null,
    knownFollowersOf(db, viewer, [actor]),
    (rows) => {
      known = rows.slice(0, limit).map((row) => row.known);
    },
  );
  await script.run(db);
  if (subject === null) throw invalidRequest(`Actor not found: ${actor}`);
  const facts = await complete(reading, newFacts(reading), { dids: [subject, ...known] });
  const present = { facts, images: reading.images };
  const shown = profileView(present, subject);
  if (shown === undefined) throw invalidRequest(`Actor not found: ${actor}`);
  return {
    subject: shown,
    followers: known.flatMap((did) => (viewerBlocks(facts, did) ? [] : (profileView(present, did) ?? []))),
  };
}
