/** Whether the newest commit, as it is stored, is what the account has signed. */
import { encode } from "../../protocol/cbor.ts";
import { cidFromBytes } from "../../protocol/cid.ts";
import { decodeCommit } from "../../protocol/commit.ts";
import { didKey, verify } from "../../protocol/keys.ts";
import { TOP, readTop } from "../../protocol/mst/row.ts";
import type { Rows } from "../../protocol/object/sql.ts";
import type { Account } from "../account.ts";
import { type Head, readHead, readTreeRow } from "../tree.ts";

/** The head in storage, which may have been damaged under a copy in memory; null if it cannot be read. */
export function storedHead(rows: Rows): Head | null {
  try {
    const head = readHead(rows);
    const top = readTreeRow(rows, TOP);
    return top !== null && cidFromBytes(readTop(top).root) === head.data ? head : null;
  } catch {
    return null;
  }
}

/** The head in storage, if the account's key has signed it. */
export async function soundHead({ sql, did, key }: Account): Promise<Head | null> {
  const head = storedHead(sql);
  if (head === null) return null;
  try {
    const { sig, data, prev, ...commit } = decodeCommit(head.bytes);
    const links = { data: { $link: data }, prev: prev === null ? null : { $link: prev } };
    const isSigned = commit.did === did && (await verify(didKey(key), encode({ ...commit, ...links }), sig));
    return isSigned ? head : null;
  } catch {
    return null;
  }
}
