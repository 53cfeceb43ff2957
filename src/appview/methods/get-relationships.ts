/** app.bsky.graph.getRelationships: who follows and blocks whom, as nobody in particular sees it. */
import type { AppBskyGraphDefs } from "@atcute/bluesky";
import type { ActorIdentifier, Did } from "@atcute/lexicons";
import { newFacts } from "../hydration.ts";
import { didNamed } from "../queries/graph.ts";
import { type RelationRow, addRelations, selectRelations } from "../queries/relations.ts";
import type { Reading } from "../reads.ts";
import { rowsOf } from "../script.ts";
import type { Typed } from "../views/typed.ts";

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

/** As the reference has it: handles among `others` are not looked up, and whoever is unknown has no relations. */
export async function getRelationships(
  reading: Reading,
  { actor, others = [] }: Params,
): Promise<{ actor?: Did; relationships: Entry[] }> {
  const { db } = reading;
  const did = await didNamed(db, actor);
  if (did === null) return { relationships: others.map(notFound) };
  const dids = [...new Set(others)].filter((other) => other.startsWith("did:"));
  const facts = newFacts(reading);
  if (dids.length > 0) {
    addRelations(facts, did, await rowsOf<RelationRow>(db, selectRelations(db, did, dids, [])));
  }
  const relationships = others.map((other): Entry => {
    const relation = facts.relations.get(other);
    if (relation === undefined) return notFound(other);
    const { following, followedBy, blocking, blockedBy, blockingByList, blockedByList } = relation;
    return {
      $type: "app.bsky.graph.defs#relationship",
      did: other as Did,
      ...(following === null ? {} : { following }),
      ...(followedBy === null ? {} : { followedBy }),
      ...(blocking === null ? {} : { blocking }),
      ...(blockedBy === null ? {} : { blockedBy }),
      ...(blockingByList === null ? {} : { blockingByList }),
      ...(blockedByList === null ? {} : { blockedByList }),
    };
  });
  return { actor: did, relationships };
}
