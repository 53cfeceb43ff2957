/** A page of an account's posts, as its host lists them (com.atproto.repo.listRecords): its word, over TLS. */
import { valueOf, putOf } from "../../appview/index/changes.ts";
import type { ForeignRecord } from "../../appview/reads/elsewhere.ts";
import { POST, rkeyOf, uriOf } from "../../appview/uris.ts";
import { encode } from "../../protocol/cbor.ts";
import { cidOfCbor } from "../../protocol/cid.ts";
import { jsonToLex } from "../../protocol/data-model.ts";
import { type Json, isJson, listOf, textOf } from "../../protocol/json.ts";
import type { Foreigner } from "./identity.ts";
import { type Asking, ask } from "./records.ts";

const PAGE_BYTES = 2_000_000;
const PAGE_MOST = 50;
const CURSOR_MOST = 512;

export interface AuthorPage {
  posts: ForeignRecord[];
  cursor?: string | undefined;
}

/** Null: the host does not answer with a list. */
export async function authorPage(
  asking: Asking,
  who: Foreigner,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<AuthorPage | null> {
  const params = {
    repo: who.did,
    collection: POST,
    limit: String(Math.min(limit, PAGE_MOST)),
    ...(cursor === undefined ? {} : { cursor }),
  };
  const answer = await ask(asking, who, "com.atproto.repo.listRecords", params, PAGE_BYTES);
  if (answer === null || answer.status !== 200) return null;
  const list = parsed(answer.body);
  if (list === null) return null;
  const posts = listOf(list["records"])
    .slice(0, PAGE_MOST)
    .flatMap((item) => postIn(item, who, asking.now()) ?? []);
  const next = textOf(list["cursor"]);
  return { posts, cursor: next !== undefined && next.length <= CURSOR_MOST ? next : undefined };
}

function parsed(body: Uint8Array): Json | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return isJson(value) ? value : null;
  } catch {
    return null;
  }
}

/** Null unless it is a post of this account whose text fits its CID. */
function postIn(item: unknown, { did }: Foreigner, now: number): ForeignRecord | null {
  if (!isJson(item)) return null;
  const [uri, cid] = [textOf(item["uri"]) ?? "", textOf(item["cid"]) ?? ""];
  const rkey = rkeyOf(uri);
  if (uri !== uriOf(did, POST, rkey) || rkey === "") return null;
  try {
    const bytes = encode(jsonToLex(item["value"]));
    if (cidOfCbor(bytes) !== cid) return null;
    const from = { did, collection: POST, rkey, cid, indexed: now, fresh: false, elsewhere: true };
    return putOf({ ...from, size: bytes.length }, valueOf(bytes));
  } catch {
    return null;
  }
}
