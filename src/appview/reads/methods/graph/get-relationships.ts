/**
 * app.bsky.graph.getRelationships: follows and blocks between an account and others, independent of the
 * viewer.
 */
import type { AppBskyGraphDefs } from "@atcute/bluesky";
import type { ActorIdentifier, Did } from "@atcute/lexicons";
import { isDid } from "../../../uris.ts";
import { newFacts } from "../../hydration.ts";
import { type ActorRow, selectActors } from "../../queries/actors.ts";
import { didNamed } from "../../queries/graph.ts";
import { type RelationRow, addRelations, selectRelations } from "../../queries/relations.ts";
import type { ViewContext } from "../../view-context.ts";
import { Script } from "../../script.ts";
import type { Typed } from "../../views/typed.ts";

type Entry = Typed<AppBskyGraphDefs.Relationship> | Typed<AppBskyGraphDefs.NotFoundActor>;

interface Params {
  actor: ActorIdentifier;
  others?: readonly ActorIdentifier[] | undefined;
}

const notFound = (actor: ActorIdentifier): Entry => ({
  $type: "app.bsky.graph.defs#notFoundActor",
  actor,
  notFound: true,
});

/** As in the reference, handles among `others` are not resolved, and unknown accounts have no relations. */
export async function getRelationships(
  reading: ViewContext,
  { actor, others = [] }: Params,
): Promise<{ actor?: Did; relationships: Entry[] }> {
  const { db } = reading;
  const did = await didNamed(db, actor);
  if (did === null) return { relationships: others.map(notFound) };
  const dids = [...new Set(others)].filter(isDid);
  const facts = newFacts(reading);
  const known = new Set<string>();
  const script = new Script();
  script.add<RelationRow>(dids.length > 0, selectRelations(db, did, dids, []), (rows) =>
    addRelations(facts, did, rows),
  );
  script.add<ActorRow>(dids.length > 0, selectActors(db, dids), (rows) => {
    for (const row of rows) known.add(row.did);
  });
  await script.run(db);
  const relationships = others.map((other): Entry => {
    const relation = facts.relations.get(other);
    if (relation === undefined || !isDid(other)) return notFound(other);
    if (!known.has(other)) return { $type: "app.bsky.graph.defs#relationship", did: other };
    const { following, followedBy, blocking, blockedBy, blockingByList, blockedByList } = relation;
    return {
      $type: "app.bsky.graph.defs#relationship",
      did: other,
      following: following ?? undefined,
      followedBy: followedBy ?? undefined,
      blocking: blocking ?? undefined,
      blockedBy: blockedBy ?? undefined,
      blockingByList: blockingByList ?? undefined,
      blockedByList: blockedByList ?? undefined,
    };
  });
  return { actor: did, relationships };
}
