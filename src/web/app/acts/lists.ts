/** A member's own lists: records of lists and of who is on them, as the official clients write them. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { LIST, LIST_BLOCK, LIST_ITEM, collectionOf, didOf, rkeyOf, uriOf } from "../../../appview/uris.ts";
import { getGraphemeLength } from "../../../protocol/graphemes.ts";
import { at, isJson, listOf, textOf } from "../../../protocol/json.ts";
import { invalidRequest } from "../../../protocol/refusal.ts";
import { isAtUri } from "../../../protocol/syntax.ts";
import { type Fields, lineOf } from "../../forms.ts";
import type { MemberVisit } from "../visit.ts";
import { rkeyIn } from "./given.ts";

/** The longest name, in bytes, and the longest description, in graphemes (app.bsky.graph.list). */
const NAME_BYTES = 64;
const DESCRIPTION_GRAPHEMES = 300;

export const PURPOSES = {
  curate: "app.bsky.graph.defs#curatelist",
  mod: "app.bsky.graph.defs#modlist",
} as const;
export type PurposeName = keyof typeof PURPOSES;

export const purposeIn = (text: string | undefined): PurposeName => (text === "mod" ? "mod" : "curate");

const accountOf = ({ services, reader }: MemberVisit) => services.account(reader.member.did);

/** Refuses InvalidRequest. */
export function listIn(fields: Fields): ResourceUri {
  const uri = fields.get("uri") ?? "";
  if (!isAtUri(uri) || collectionOf(uri) !== LIST || !didOf(uri).startsWith("did:")) {
    throw invalidRequest("Invalid list");
  }
  return uri;
}

export type ListProblem = "nameMissing" | "nameTooLong";

/** Makes a list, or changes one (`rkey`). Returns its URI, or what is wrong with it. */
export async function saveList(visit: MemberVisit, fields: Fields): Promise<ResourceUri | ListProblem> {
  const name = lineOf(fields, "name").trim();
  const description = (fields.get("description") ?? "").replaceAll("\r\n", "\n").trim();
  if (name === "") return "nameMissing";
  if (new TextEncoder().encode(name).byteLength > NAME_BYTES) return "nameTooLong";
  if (getGraphemeLength(description) > DESCRIPTION_GRAPHEMES) return "nameTooLong";
  const account = accountOf(visit);
  const given = { name, ...(description === "" ? {} : { description }) };
  const rkey = fields.get("rkey") ?? "";
  if (rkey === "") {
    const { uri } = await account.createRecord({
      collection: LIST,
      record: {
        $type: LIST,
        purpose: PURPOSES[purposeIn(fields.get("purpose"))],
        createdAt: new Date().toISOString(),
        ...given,
      },
      validate: true,
    });
    return uri;
  }
  const known = await account.getRecord(LIST, rkeyIn(rkey));
  if (known === null) throw invalidRequest("No such list");
  // Everything but the name and the text stays; marks of the earlier text do not fit the new one.
  const { description: _, descriptionFacets: __, ...rest } = known.value;
  const { uri } = await account.putRecord({
    collection: LIST,
    rkey,
    record: { ...rest, ...given },
    validate: true,
    swapRecord: known.cid,
  });
  return uri;
}

/** Items of a list that one deletion takes along; a longer one leaves items behind that name no list. */
const ITEMS_PAGES = 20;
const AT_ONCE = 100;

/** Deletes one of the member's lists, and then who is on it. */
export async function deleteList(visit: MemberVisit, fields: Fields): Promise<void> {
  const account = accountOf(visit);
  const { did } = visit.reader.member;
  const rkey = rkeyIn(fields.get("rkey"));
  const uri = uriOf(did, LIST, rkey);
  await account.deleteRecord({ collection: LIST, rkey });
  let cursor: string | undefined;
  for (let page = 0; page < ITEMS_PAGES; page++) {
    const body: unknown = JSON.parse(await account.listRecords(LIST_ITEM, { limit: AT_ONCE, cursor }));
    const writes = listOf(at(body, "records"))
      .filter((record) => isJson(record) && at(record, "value", "list") === uri)
      .map((record) => ({
        action: "delete" as const,
        collection: LIST_ITEM,
        rkey: rkeyOf(textOf(at(record, "uri")) ?? ""),
      }));
    if (writes.length > 0) await account.applyWrites({ writes });
    cursor = textOf(at(body, "cursor"));
    if (cursor === undefined) break;
  }
}

/** Puts an account on one of the member's own lists. Refuses InvalidRequest. */
export async function enlist(visit: MemberVisit, fields: Fields, subject: Did): Promise<void> {
  const list = listIn(fields);
  if (didOf(list) !== visit.reader.member.did) throw invalidRequest("Not your own list");
  await accountOf(visit).createRecord({
    collection: LIST_ITEM,
    record: { $type: LIST_ITEM, subject, list, createdAt: new Date().toISOString() },
    validate: true,
  });
}

export const unlist = (visit: MemberVisit, rkey: string | undefined): Promise<unknown> =>
  accountOf(visit).deleteRecord({ collection: LIST_ITEM, rkey: rkeyIn(rkey) });

/** Blocks everybody on a list. */
export const blockList = (visit: MemberVisit, fields: Fields): Promise<unknown> =>
  accountOf(visit).createRecord({
    collection: LIST_BLOCK,
    record: { $type: LIST_BLOCK, subject: listIn(fields), createdAt: new Date().toISOString() },
    validate: true,
  });
