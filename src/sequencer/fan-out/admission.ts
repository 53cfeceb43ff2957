/** Reads a request for a stream, before anybody is connected. */
import { isRefusal } from "../../protocol/refusal.ts";
import type { StreamKind, WindowEdges } from "../../protocol/stations.ts";
import type { JsonOptions } from "./json/options.ts";
import { queriedOptions } from "./json/options.ts";
import type { Place } from "./reader.ts";

/** The JSON stream's path; any other is the firehose's. */
const JSON_PATH = "/subscribe";

export interface Asked {
  kind: StreamKind;
  /** A seq for the firehose, microseconds for the JSON stream; null: only what is new. */
  cursor: number | null;
  json: { options: JsonOptions; requiresHello: boolean } | null;
}

/** A request that is refused: by HTTP before the upgrade, or by a frame after it, as each stream's clients expect. */
export type Unfit = { by: "http"; response: Response } | { by: "frame"; error: string; message: string };

const refused = (error: string, message: string): Unfit => ({
  by: "http",
  response: Response.json({ error, message }, { status: 400 }),
});

export function readRequest(request: Request): Asked | Unfit {
  const { pathname, searchParams } = new URL(request.url);
  const cursor = searchParams.get("cursor");
  if (pathname === JSON_PATH) return readJsonRequest(request, searchParams, cursor);
  if (cursor !== null && !isInteger(cursor)) {
    return { by: "frame", error: "InvalidRequest", message: "cursor must be an integer" };
  }
  return { kind: "repos", cursor: cursor === null ? null : Number(cursor), json: null };
}

const isInteger = (text: string): boolean => /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text));

function readJsonRequest(request: Request, query: URLSearchParams, cursor: string | null): Asked | Unfit {
  const encoding = request.headers.get("socket-encoding");
  if (query.get("compress") === "true" || encoding?.includes("zstd") === true) {
    return refused("CompressionNotSupported", "compress: this host sends plain JSON only");
  }
  if (cursor !== null && cursor !== "" && !(isInteger(cursor) && Number(cursor) >= 0)) {
    return refused("InvalidRequest", "cursor must be a number of microseconds");
  }
  try {
    const requiresHello = query.get("requireHello") === "true";
    const json = { options: queriedOptions(query), requiresHello };
    return { kind: "json", cursor: cursor === null || cursor === "" ? null : Number(cursor), json };
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    return refused(thrown.error, thrown.message);
  }
}

/** Where a firehose reader begins. `isOutdated`: events that it asks for have left the window. */
export function reposPlace(
  cursor: number | null,
  { head, pruned }: WindowEdges,
): { place: Place; isOutdated: boolean } | Unfit {
  // A host without events has no future: cursors are of its earlier life.
  if (cursor !== null && head > 0 && cursor > head) {
    return { by: "frame", error: "FutureCursor", message: "Cursor in the future." };
  }
  const seq = cursor === null ? head : Math.min(Math.max(cursor, pruned), head);
  return { place: { seq, json: null }, isOutdated: cursor !== null && cursor < pruned };
}

/**
 * Where a reader of the JSON stream begins. As with Jetstream, a cursor of before the window is one of its
 * beginning, and one of the future is none.
 */
export function jsonPlace(
  { cursor, json }: Asked,
  { head, before }: WindowEdges & { before: number },
): Place {
  const options = json?.options ?? { collections: [], dids: [], maxBytes: 0 };
  const awaitsHello = json?.requiresHello ?? false;
  if (cursor === null) return { seq: awaitsHello ? null : head, json: { options, afterUs: 0, awaitsHello } };
  return { seq: before, json: { options, afterUs: before < head ? cursor : 0, awaitsHello } };
}
