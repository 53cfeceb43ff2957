/** app.bsky.actor.getProfile, getProfiles. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { Refusal, invalidRequest } from "../../../../protocol/refusal.ts";
import { complete, newFacts } from "../../hydration.ts";
import { handleOfHost } from "../../host-labeler.ts";
import { Script, rowsOf } from "../../script.ts";
import { knownFollowersOf, selectNamed } from "../../queries/known.ts";
import type { ViewContext } from "../../view-context.ts";
import { profileDetailed } from "../../views/profile.ts";
import { actorIsTakendown } from "../../views/rules.ts";
import { starterPackBasic } from "../../views/starter-pack.ts";
import type { Plain } from "../../views/typed.ts";
import type { Facts } from "../../facts.ts";

type Profile = Plain<AppBskyActorDefs.ProfileViewDetailed>;

/** How many of the counted known followers are shown. */
const KNOWN_SHOWN = 5;

interface Found {
  did: Did | null;
  joined_via: ResourceUri | null;
  shown: number | null;
  home: string | null;
  checked: number | null;
  status: string | null;
}

/** A member who has left may live elsewhere by now. */
const isHere = ({ shown, home, status }: Found): boolean =>
  shown === 1 && (home !== null || status !== "deactivated");

/** Has those looked up that are not here, and again those that were long ago. Null: nobody has come. */
async function supply({ db, elsewhere }: ViewContext, ids: readonly string[], found: readonly Found[]) {
  if (elsewhere === null) return null;
  for (const { did, checked } of found) if (did !== null && checked !== null) elsewhere.again(did, checked);
  const missing = ids.filter((_, i) => {
    const one = found[i];
    return one === undefined || !isHere(one);
  });
  if (missing.length === 0 || !(await elsewhere.accounts(missing))) return null;
  return rowsOf<Found>(db, selectNamed(db, ids));
}

/**
 * DIDs in the order asked for, without handles that nobody has; and facts for detailed views of them. Two
 * trips.
 */
async function readProfiles(
  reading: ViewContext,
  actors: readonly string[],
): Promise<{ dids: Did[]; facts: Facts }> {
  const { db, viewer, host } = reading;
  const facts = newFacts(reading);
  const script = new Script();
  const ids = actors.map((actor) => (actor.toLowerCase() === handleOfHost(host) ? host.did : actor));
  let found: Found[] = [];
  script.add<Found>(true, selectNamed(db, ids), (rows) => (found = rows));
  const known: { did: Did; known: Did }[] = [];
  if (viewer !== null) {
    script.add<{ did: Did; known: Did }>(true, knownFollowersOf(db, viewer, ids), (rows) =>
      known.push(...rows),
    );
  }
  await script.run(db);
  found = (await supply(reading, ids, found)) ?? found;
  for (const { did, known: one } of known) {
    const entry = facts.knownFollowers.get(did) ?? { count: 0, dids: [] };
    facts.knownFollowers.set(did, entry);
    entry.count += 1;
    if (entry.dids.length < KNOWN_SHOWN) entry.dids.push(one);
  }
  const dids = found.flatMap(({ did }) => did ?? []);
  const shown = [...facts.knownFollowers].flatMap(([did, { dids: ones }]) =>
    ones.map((one) => [did, one] as const),
  );
  await complete(reading, facts, {
    detailed: dids,
    dids: shown.map(([, one]) => one),
    pairs: shown,
    records: found.flatMap(({ joined_via }) => joined_via ?? []),
  });
  return { dids, facts };
}

const present = (reading: ViewContext, facts: Facts, did: Did, anyway: boolean): Profile | undefined => {
  const presenting = { facts, images: reading.images };
  return profileDetailed(presenting, did, (pack) => starterPackBasic(presenting, pack), anyway);
};

/** Refuses InvalidRequest `Profile not found`, AccountTakedown, AccountDeactivated. */
export async function getProfile(reading: ViewContext, { actor }: { actor: string }): Promise<Profile> {
  const { dids, facts } = await readProfiles(reading, [actor]);
  const [did] = dids;
  const profile = did === undefined ? undefined : present(reading, facts, did, true);
  if (did === undefined || profile === undefined) throw invalidRequest("Profile not found");
  if (actorIsTakendown(facts, did)) throw new Refusal("AccountTakedown", "Account has been suspended");
  if (facts.actors.get(did)?.status === "deactivated") {
    throw new Refusal("AccountDeactivated", "Account is deactivated");
  }
  return profile;
}

export async function getProfiles(
  reading: ViewContext,
  { actors }: { actors: readonly string[] },
): Promise<{ profiles: Profile[] }> {
  const { dids, facts } = await readProfiles(reading, actors);
  return { profiles: dids.flatMap((did) => present(reading, facts, did, false) ?? []) };
}
