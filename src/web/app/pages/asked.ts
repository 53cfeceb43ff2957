/** Reads what a page's address asks for. */
import type { ResourceUri } from "@atcute/lexicons";
import { isDid, isHandle, isRecordKey } from "@atcute/lexicons/syntax";
import { uriOf } from "../../../appview/uris.ts";
import type { AppVisit } from "../visit.ts";

/** The place in a list from which a page goes on. */
export const cursorOf = (url: URL): string | undefined =>
  url.searchParams.get("cursor")?.slice(0, 512) || undefined;

/** An account's name in a path, in its normal form; null if it can be none. */
export function actorIn(text: string): string | null {
  // The port of a did:web, where whoever wrote the address did not encode it once more.
  const name = text.replace(/^@/, "").replace(/^(did:web:[^:]+):(\d+)$/, "$1%3A$2");
  if (isDid(name)) return name;
  return isHandle(name) ? name.toLowerCase() : null;
}

/** The URI of a record that a path names; null if there can be none. */
export async function recordIn(
  { views }: AppVisit,
  actor: string,
  collection: string,
  rkey: string,
): Promise<ResourceUri | null> {
  if (!isRecordKey(rkey)) return null;
  const did = await views.didOf(actor);
  return did === null ? null : uriOf(did, collection, rkey);
}
