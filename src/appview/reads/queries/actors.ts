/** Accounts by DID or handle: the rows that profile views are made from. */
import type { AppBskyActorProfile } from "@atcute/bluesky";
import type { Did, Handle, ResourceUri } from "@atcute/lexicons";
import type { ActorFacts } from "../actor-facts.ts";
import type { Elsewhere } from "../elsewhere.ts";
import type { Facts } from "../facts.ts";
import { isoOf } from "../../instants.ts";
import { isUnwanted } from "../../unwanted-names.ts";
import { VERIFICATION, isDid, uriOf } from "../../uris.ts";
import { PUBLISHED_MOST } from "./bounds.ts";

export interface ActorRow {
  did: Did;
  handle: string | null;
  home: string | null;
  checked: number | null;
  status: string | null;
  trusted_verifier: number;
  profile: string | null;
  profile_cid: string | null;
  profile_sort: number | null;
  selves: string | null;
  followers: number;
  follows: number;
  posts: number;
  /** JSON: `VerificationRow[]`. */
  verifications: string;
}

/** By trusted verifiers alone. */
const VERIFICATIONS = `(SELECT json_group_array(json_array(
    v.issuer, v.rkey, v.handle, v.display_name, v.sort, issuer.handle, issuer.profile ->> 'displayName'))
  FROM verification AS v JOIN actor AS issuer ON issuer.did = v.issuer AND issuer.trusted_verifier = 1
  WHERE v.subject = a.did)`;

const ACTORS = `SELECT a.did, a.handle, a.home, a.checked, a.status, a.trusted_verifier, a.profile, a.profile_cid, a.profile_sort, a.selves,
    a.followers, a.follows, a.posts, ${VERIFICATIONS} AS verifications
  FROM json_each(?1) AS j CROSS JOIN actor AS a ON a.did = j.value WHERE a.known IS NOT NULL`;

export const selectActors = (db: D1Database, dids: readonly string[]): D1PreparedStatement =>
  db.prepare(ACTORS).bind(JSON.stringify(dids));

/** @param words those of which no display name is shown */
export function addActors(facts: Facts, rows: ActorRow[], words: readonly string[]): void {
  for (const row of rows) {
    facts.actors.set(row.did, {
      did: row.did,
      handle: row.handle,
      home: row.home,
      checked: row.checked,
      status: row.status,
      trustedVerifier: row.trusted_verifier === 1,
      profile: row.profile === null ? null : shownProfile(JSON.parse(row.profile), words),
      profileCid: row.profile_cid,
      profileSort: row.profile_sort,
      selves: row.selves === null ? {} : JSON.parse(row.selves),
      followers: row.followers,
      follows: row.follows,
      posts: row.posts,
      verifications: verificationsOf(row.verifications, words),
    });
  }
}

function shownProfile(profile: AppBskyActorProfile.Main, words: readonly string[]): AppBskyActorProfile.Main {
  const { displayName, ...rest } = profile;
  return displayName !== undefined && isUnwanted(words, displayName) ? rest : profile;
}

type VerificationRow = readonly [
  issuer: Did,
  rkey: string,
  handle: string,
  displayName: string,
  sort: number,
  issuerHandle: Handle | null,
  issuerName: string | null,
];

/** Oldest first. */
function verificationsOf(json: string, words: readonly string[]): ActorFacts["verifications"] {
  if (json === "[]") return [];
  const rows: VerificationRow[] = JSON.parse(json);
  return rows
    .sort(([, , , , a], [, , , , b]) => a - b)
    .map(([issuer, rkey, handle, displayName, sort, issuerHandle, issuerName]) => ({
      issuer,
      uri: uriOf(issuer, VERIFICATION, rkey),
      handle,
      displayName,
      issuerHandle,
      issuerName: issuerName === null || isUnwanted(words, issuerName) ? null : issuerName,
      createdAt: isoOf(sort),
    }));
}

/**
 * When an account's repo was last seen to change. Likes and similar records leave its row alone and do not
 * count.
 */
export interface WrittenRow {
  written: number | null;
}

export const selectWritten = (db: D1Database, did: Did): D1PreparedStatement =>
  db
    .prepare(
      `SELECT nullif(max(coalesce(written, 0), coalesce(profile_indexed, 0), coalesce(known, 0)), 0) AS written
        FROM actor WHERE did = ?1`,
    )
    .bind(did);

const ASSOCIATED = ["app.bsky.graph.list", "app.bsky.feed.generator", "app.bsky.graph.starterpack"].map(
  (collection) => `(SELECT count(*) FROM (SELECT 1 FROM record
    WHERE uri > 'at://' || j.value || '/${collection}/' AND uri < 'at://' || j.value || '/${collection}0'
    LIMIT ${PUBLISHED_MOST}))`,
);

export const selectAssociated = (db: D1Database, dids: readonly string[]): D1PreparedStatement =>
  db
    .prepare(
      `SELECT j.value AS did, ${ASSOCIATED[0]} AS lists, ${ASSOCIATED[1]} AS feeds, ${ASSOCIATED[2]} AS packs
        FROM json_each(?1) AS j`,
    )
    .bind(JSON.stringify(dids));

export interface AssociatedRow {
  did: Did;
  lists: number;
  feeds: number;
  packs: number;
}

/**
 * Resolves handles and DIDs to DIDs, in order; null for a handle that nobody has. One trip; none for DIDs
 * alone.
 */
export async function resolveActors(db: D1Database, ids: readonly string[]): Promise<(Did | null)[]> {
  const handles = ids.filter((id) => !isDid(id)).map((id) => id.toLowerCase());
  const byHandle = new Map<string, Did>();
  if (handles.length > 0) {
    const [found] = await db.batch<{ handle: string; did: Did }>([
      db
        .prepare("SELECT a.handle, a.did FROM json_each(?1) AS j CROSS JOIN actor AS a ON a.handle = j.value")
        .bind(JSON.stringify(handles)),
    ]);
    for (const { handle, did } of found?.results ?? []) byHandle.set(handle, did);
  }
  return ids.map((id) => (isDid(id) ? id : (byHandle.get(id.toLowerCase()) ?? null)));
}

/**
 * Replaces a handle in an at-uri's authority with its DID. Returns the URI unchanged if nobody has the
 * handle.
 */
export async function resolveUri(
  { db, elsewhere }: { db: D1Database; elsewhere: Elsewhere | null },
  uri: ResourceUri,
): Promise<ResourceUri> {
  const [authority = "", ...path] = uri.slice(5).split("/");
  if (authority.startsWith("did:")) return uri;
  let [did] = await resolveActors(db, [authority]);
  if (did === null && (await elsewhere?.accounts([authority])) === true) {
    [did] = await resolveActors(db, [authority]);
  }
  return did === null || did === undefined ? uri : (`at://${did}/${path.join("/")}` as ResourceUri);
}
