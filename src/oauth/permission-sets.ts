/**
 * Permission sets: lexicons that an app's author published, found through DNS and proved by the author's repo
 * (atproto Lexicon resolution). In place of the provider's own resolver, which brings a second repo library,
 * HTTP client and lexicon parser: only permission sets are ever asked for.
 */
import type { Did, Nsid } from "@atcute/lexicons";
import { type LexMap, isMap } from "../protocol/data-model.ts";
import { provedRecord } from "../protocol/mst/proof.ts";
import { isDid, isNsid } from "../protocol/syntax.ts";
import { findAuthority } from "./lexicon-authority.ts";
import type { LexResolver } from "@atproto/oauth-provider/provider";

type Document = Awaited<ReturnType<LexResolver["get"]>>["lexicon"];
type PermissionSet = Extract<Document["defs"][string], { type: "permission-set" }>;
type Permission = PermissionSet["permissions"][number];

/** Where a repo is, and by which key (did:key) it is signed. */
export interface RepoPlace {
  pds: string;
  key: string;
}

export interface PermissionSetContext {
  /** Bounds what it answers. */
  safeFetch: typeof globalThis.fetch;
  /** Refuses for a DID that cannot be resolved, or has no repo. */
  repoOf(did: Did): Promise<RepoPlace>;
}

/** The interface that the provider expects of a resolver. */
export interface PermissionSetResolver {
  get(nsid: string): Promise<{ uri: { toString(): string }; lexicon: Document }>;
}

export interface FailureClass {
  from(nsid: string, description?: string, options?: ErrorOptions): Error;
}

const COLLECTION = "com.atproto.lexicon.schema";

/** @param Failure the error for which the provider takes a set to be out of reach */
export function permissionSets(context: PermissionSetContext, Failure: FailureClass): PermissionSetResolver {
  const { safeFetch } = context;
  const find = async (nsid: string) => {
    if (!isNsid(nsid)) throw new Error("not an NSID");
    const authority = nsid.split(".").slice(0, -1).toReversed().join(".");
    const did = await findAuthority(authority, safeFetch);
    if (!isDid(did)) throw new Error("its authority is no DID");
    const { pds, key } = await context.repoOf(did);
    const url = new URL("/xrpc/com.atproto.sync.getRecord", pds);
    url.search = new URLSearchParams({ did, collection: COLLECTION, rkey: nsid }).toString();
    const proof = await carAt(safeFetch, url);
    const record = await provedRecord(proof, { did, key, path: `${COLLECTION}/${nsid}` });
    return { uri: `at://${did}/${COLLECTION}/${nsid}`, lexicon: documentIn(record, nsid) };
  };
  return {
    get: (nsid) =>
      find(String(nsid)).catch((cause: unknown) => {
        throw Failure.from(nsid, undefined, { cause });
      }),
  };
}

async function carAt(safeFetch: typeof globalThis.fetch, url: URL): Promise<Uint8Array> {
  const response = await safeFetch(url, { headers: { accept: "application/vnd.ipld.car" } });
  if (!response.ok) throw new Error(`its host answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The set in a record. What else a document says is left out. Throws for any other record. */
function documentIn({ $type, lexicon, id, defs }: LexMap, nsid: Nsid): Document {
  const main = isMap(defs) ? defs["main"] : undefined;
  if ($type !== COLLECTION || lexicon !== 1 || id !== nsid || !isMap(main))
    throw new Error("its record is not its lexicon");
  return { lexicon: 1, id: nsid, defs: { main: setIn(main) } };
}

function setIn({ type, permissions, ...words }: LexMap): PermissionSet {
  if (type !== "permission-set") throw new Error("it is not a permission set");
  if (!Array.isArray(permissions) || !permissions.every(isPermission))
    throw new Error("its permissions are malformed");
  return {
    type,
    permissions,
    title: textIn(words["title"]),
    "title:lang": textsIn(words["title:lang"]),
    detail: textIn(words["detail"]),
    "detail:lang": textsIn(words["detail:lang"]),
  };
}

function isPermission(value: unknown): value is Permission {
  if (!isMap(value)) return false;
  const { type, resource } = value;
  return (
    type === "permission" &&
    typeof resource === "string" &&
    resource !== "" &&
    Object.values(value).every(isParam)
  );
}

/** Whether a value may be a parameter of a permission: plain, or a list of what is. */
const isParam = (value: unknown): boolean => (Array.isArray(value) ? value.every(isPlain) : isPlain(value));
const isPlain = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);

function textIn(value: unknown): string | undefined {
  if (value !== undefined && typeof value !== "string") throw new Error("its words are malformed");
  return value;
}

function textsIn(value: unknown): Record<string, string> | undefined {
  if (value === undefined) return undefined;
  if (!isMap(value)) throw new Error("its words are malformed");
  const texts = Object.entries(value).map(([language, text]): [string, string] => [
    language,
    textIn(text) ?? "",
  ]);
  return Object.fromEntries(texts);
}
