/** Invites as those who look after the host see them, and who came by whom. */
import { read, trip } from "./trip.ts";

export interface InviteLine {
  code: string;
  available: number;
  /** In lists, one more than `COUNTED` at most. */
  used: number;
  disabled: number;
  /** ISO 8601; null: for ever. */
  expiresAt: string | null;
  createdAt: string;
  /** A DID, or `admin`. */
  owner: string;
  /** The owner's handle; null for the host's own, and for who is gone. */
  handle: string | null;
}

export interface Newcomer {
  did: string;
  /** Null if the account is gone. */
  handle: string | null;
  usedAt: string;
}

/** In a list, uses beyond these are not counted: one link may be a thousand people's. */
export const COUNTED = 40;

/** @param most the uses that are counted */
const line = (
  most: number,
) => `SELECT c.code, c.available_uses AS available, c.disabled, c.expires_at AS expiresAt,
  c.created_at AS createdAt, c.for_account AS owner, a.handle,
  (SELECT count(*) FROM (SELECT 1 FROM invite_use u WHERE u.code = c.code LIMIT ${most})) AS used
  FROM invite_code c LEFT JOIN account a ON a.did = c.for_account`;

/** Newest first. `owner`: only that member's. */
export async function readInvites(
  database: D1Database,
  { owner, after, limit }: { owner: string | null; after: string | null; limit: number },
): Promise<InviteLine[]> {
  const [createdAt = "~", code = ""] = after?.split("::") ?? [];
  const whose = owner === null ? "?4 IS NULL" : "c.for_account = ?4 AND c.for_account <> 'admin'";
  const { results } = await database
    .prepare(
      `${line(COUNTED + 1)} WHERE (c.created_at, c.code) < (?1, ?2) AND ${whose}
        ORDER BY c.created_at DESC, c.code DESC LIMIT ?3`,
    )
    .bind(createdAt, code, limit, owner)
    .all<InviteLine>();
  return results;
}

const NEWCOMERS = 100;
/** The most uses that an invite may have. */
const USES = 100_000;

/** An invite, and who came by it, the newest first; null if there is none. */
export async function readInvite(
  database: D1Database,
  code: string,
  after: string | null = null,
): Promise<{ invite: InviteLine; came: Newcomer[]; after: string | null } | null> {
  const [usedAt = "~", did = ""] = after?.split("::") ?? [];
  const found = await trip(database, {
    invites: read<InviteLine>(database.prepare(`${line(USES)} WHERE c.code = ?1`).bind(code)),
    came: read<Newcomer>(
      database
        .prepare(
          `SELECT u.used_by AS did, a.handle, u.used_at AS usedAt FROM invite_use u
            LEFT JOIN account a ON a.did = u.used_by
            WHERE u.code = ?1 AND (u.used_at, u.used_by) < (?2, ?3)
            ORDER BY u.used_at DESC, u.used_by DESC LIMIT ${NEWCOMERS + 1}`,
        )
        .bind(code, usedAt, did),
    ),
  });
  const [invite] = found.invites;
  if (invite === undefined) return null;
  const came = found.came.slice(0, NEWCOMERS);
  const last = came.at(-1);
  const next = found.came.length > NEWCOMERS && last !== undefined ? `${last.usedAt}::${last.did}` : null;
  return { invite, came, after: next };
}

/** Somebody in the tree of who came by whom. */
export interface Branch {
  did: string;
  /** Null if the account is gone. */
  handle: string | null;
  /** The DID of the member who invited them. */
  by: string;
  depth: number;
}

const DEPTH = 6;
/** With this many, there may be more. */
export const BRANCHES = 300;

export interface Tree {
  /** From the one who came first, down to the member; the host itself is left out. */
  above: { did: string; handle: string | null }[];
  /** Members who came by this one, and by them in turn: `DEPTH` deep, `BRANCHES` in all. */
  below: Branch[];
}

export async function readTree(database: D1Database, did: string): Promise<Tree> {
  const found = await trip(database, {
    above: read<Tree["above"][number]>(
      database
        .prepare(
          `WITH RECURSIVE up (did, height) AS (
              SELECT ?1, 0
              UNION SELECT c.for_account, height + 1 FROM up JOIN account a ON a.did = up.did
                JOIN invite_code c ON c.code = a.invite_code WHERE height < 20 AND c.for_account <> 'admin')
            SELECT up.did, a.handle FROM up LEFT JOIN account a ON a.did = up.did ORDER BY height DESC`,
        )
        .bind(did),
    ),
    below: read<Branch>(
      database
        .prepare(
          `WITH RECURSIVE down (did, by, depth) AS (
              SELECT ?1, '', 0
              UNION SELECT u.used_by, down.did, depth + 1 FROM down
                JOIN invite_code c ON c.for_account = down.did AND c.for_account <> 'admin'
                JOIN invite_use u ON u.code = c.code WHERE depth < ${DEPTH} LIMIT ${BRANCHES})
            SELECT down.did, down.by, down.depth, a.handle FROM down LEFT JOIN account a ON a.did = down.did
            WHERE depth > 0`,
        )
        .bind(did),
    ),
  });
  return found;
}
