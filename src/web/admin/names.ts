/** Display names of members, for lists of them. One trip to the index for all. */
import { type NamedRow, selectNames } from "../../appview/reads/queries/names.ts";
import type { MemberProfile } from "../profiles.ts";

export type Names = ReadonlyMap<string, NamedRow>;

/** Nobody has a name where the host keeps no index. */
export async function namesOf(database: D1Database, dids: readonly string[]): Promise<Names> {
  if (dids.length === 0) return new Map();
  const { results } = await selectNames(database, dids).all<NamedRow>();
  return new Map(results.map((row) => [row.did, row]));
}

export function profileIn(names: Names, did: string): MemberProfile {
  const { name = null, picture = null } = names.get(did) ?? {};
  const query = new URLSearchParams({ did, cid: picture ?? "" }).toString();
  return {
    name: name?.trim() || null,
    picture: picture === null ? null : `/xrpc/com.atproto.sync.getBlob?${query}`,
  };
}
