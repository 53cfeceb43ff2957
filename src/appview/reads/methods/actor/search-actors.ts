/** app.bsky.actor.searchActorsTypeahead, searchActors. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { Did } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { LATEST, formatCursor, parseCursor } from "../../cursors.ts";
import type { Facts } from "../../facts.ts";
import { isDid, isHandle } from "../../../../protocol/syntax.ts";
import { complete, newFacts } from "../../hydration.ts";
import { resolveActors } from "../../queries/actors.ts";
import type { Page } from "../../queries/feeds.ts";
import { type ActorCursor, type FoundActor, hasWords, selectActorsByName } from "../../queries/search.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { profileBasic, profileView } from "../../views/profile.ts";
import { viewerBlocks } from "../../views/rules.ts";
import type { Plain } from "../../views/typed.ts";
import { filled } from "../paged.ts";

interface Params {
  q?: string | undefined;
  /** The older name of `q`. */
  term?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

const textOf = ({ q, term }: Params): string => (q ?? term ?? "").trim().replace(/^@/, "");

/** Refuses `Malformed cursor`. */
function parseActorCursor(text: string, cursor: string | undefined): ActorCursor {
  if (hasWords(text)) {
    if (cursor !== undefined && !/^\d{1,4}$/.test(cursor)) throw invalidRequest("Malformed cursor");
    return { offset: Number(cursor ?? 0) };
  }
  const { sort, key } = parseCursor(cursor) ?? LATEST;
  return { known: sort, did: key };
}

interface Found {
  facts: Facts;
  dids: Did[];
  cursor: string | undefined;
}

/**
 * Finds accounts in a block with the viewer only by their exact handle: the viewer must be able to unblock
 * them.
 */
async function find(
  reading: ViewContext,
  text: string,
  from: string | undefined,
  limit: number,
): Promise<Found> {
  const { db } = reading;
  const cursor = parseActorCursor(text, from);
  const found = await rowsOf<FoundActor>(db, selectActorsByName(db, text, cursor, limit));
  const page = found.slice(0, limit);
  const dids = page.map(({ did }) => did);
  const facts = await complete(reading, newFacts(reading), { dids });
  const wanted = text.toLowerCase();
  return {
    facts,
    dids: dids.filter((did) => facts.actors.get(did)?.handle === wanted || !viewerBlocks(facts, did)),
    cursor: found.length > limit ? nextOf(cursor, limit, page.at(-1)) : undefined,
  };
}

function nextOf(cursor: ActorCursor, limit: number, last: FoundActor | undefined): string | undefined {
  if ("offset" in cursor) return String(cursor.offset + limit);
  return last && formatCursor({ sort: last.known, cid: "", key: last.did });
}

export async function searchActorsTypeahead(reading: ViewContext, params: Params) {
  const { facts, dids } = await find(reading, textOf(params), undefined, params.limit);
  const present = { facts, images: reading.images };
  return { actors: dids.flatMap((did) => profileBasic(present, did) ?? []) };
}

/** Looks up whoever a text names in full, by handle or DID. What somebody is still typing is not looked up. */
async function supplyNamed({ db, elsewhere }: ViewContext, text: string): Promise<void> {
  const isName = isDid(text) || isHandle(text.toLowerCase());
  if (elsewhere === null || !isName) return;
  const [did] = await resolveActors(db, [text]);
  if (did === null || isDid(text)) await elsewhere.accounts([text]);
}

/** Refuses InvalidRequest `Malformed cursor`. */
export async function searchActors(reading: ViewContext, params: Params) {
  const text = textOf(params);
  if (params.cursor === undefined) await supplyNamed(reading, text);
  const { items, cursor } = await filled<Plain<AppBskyActorDefs.ProfileView>>(
    reading,
    params,
    async (from, limit): Promise<Page<Plain<AppBskyActorDefs.ProfileView>>> => {
      const found = await find(reading, text, from, limit);
      const present = { facts: found.facts, images: reading.images };
      return {
        items: found.dids.flatMap((did) => profileView(present, did) ?? []),
        cursor: found.cursor,
      };
    },
  );
  return { actors: items, cursor };
}
