/** `goat blob …`, `goat record …`, `goat repo …`, `goat bsky …`, `goat lex …` and `goat xrpc`. */
import { isNsid, isRecordKey } from "@atcute/lexicons/syntax";
import { must } from "./account.ts";
import { ApiClient } from "./client.ts";
import { type Goat, didOfClient, given, walk } from "./goat.ts";
import {
  type GoType,
  bool,
  int64,
  list,
  map,
  marshal,
  pointer,
  raw,
  sorted,
  string,
  struct,
  unmarshal,
} from "./json.ts";

/** The account's host, without credentials, and its DID. */
async function at(goat: Goat, identifier: string): Promise<{ client: ApiClient; did: string }> {
  const { did, pds } = await goat.directory.lookup(identifier);
  return { client: goat.open(pds), did };
}

const blobsPage = struct({ cids: list(string), cursor: pointer(string) });

/** `goat blob ls <at-identifier>` */
export async function listBlobs(goat: Goat, identifier: string): Promise<string[]> {
  const { client, did } = await at(goat, identifier);
  const pages = await walk((cursor) =>
    client.query("com.atproto.sync.listBlobs", { did, ...given({ cursor, limit: 500 }) }, blobsPage),
  );
  return pages.flatMap(({ cids }) => cids);
}

/** `goat blob download <at-identifier> <cid>` */
export async function downloadBlob(goat: Goat, identifier: string, cid: string): Promise<Uint8Array> {
  const { client, did } = await at(goat, identifier);
  return client.queryBytes("com.atproto.sync.getBlob", { cid, did });
}

/** `goat blob export <at-identifier>`: all blobs, by CID. A blob that fails is left out. */
export async function exportBlobs(goat: Goat, identifier: string): Promise<Map<string, Uint8Array>> {
  const blobs = new Map<string, Uint8Array>();
  for (const cid of await listBlobs(goat, identifier)) {
    const bytes = await downloadBlob(goat, identifier, cid).catch(() => null);
    if (bytes !== null) blobs.set(cid, bytes);
  }
  return blobs;
}

/** A blob has a `$type`; a value without one is read as a legacy blob. */
const blob: GoType<{ ref: string; mimeType: string; size: number }> = (value, where) => {
  const { $type } = struct({ $type: string })(value, where);
  if ($type !== "blob") throw new Error(`parsing CID in legacy blob: ${where}`);
  const { ref, ...rest } = struct({ ref: struct({ $link: string }), mimeType: string, size: int64 })(
    value,
    where,
  );
  return { ref: ref.$link, ...rest };
};

/** `goat blob upload <file>`: sent as any type, since goat does not inspect the file. */
export async function uploadBlob(goat: Goat, bytes: Uint8Array) {
  const answer = await (await goat.client()).upload("com.atproto.repo.uploadBlob", "*/*", bytes);
  return must(unmarshal(struct({ blob: pointer(blob) }), answer).blob);
}

const gotRecord = struct({ cid: pointer(string), uri: string, value: pointer(raw) });

/** `goat record get <at-uri>` */
export async function getRecord(goat: Goat, uri: string): Promise<unknown> {
  const [authority = "", collection = "", rkey = ""] = uri.slice("at://".length).split("/");
  const { client, did } = await at(goat, authority);
  const found = await client.query("com.atproto.repo.getRecord", { collection, repo: did, rkey }, gotRecord);
  if (found.value === null) throw new Error("empty record in response");
  return found.value;
}

const described = struct({
  collections: list(string),
  did: string,
  didDoc: raw,
  handle: string,
  handleIsCorrect: bool,
});
const recordsPage = struct({
  cursor: pointer(string),
  records: list(struct({ cid: string, uri: string, value: pointer(raw) })),
});

/** `goat record ls <at-identifier> --collections` */
export async function listCollections(goat: Goat, identifier: string): Promise<string[]> {
  const { client, did } = await at(goat, identifier);
  return (await client.query("com.atproto.repo.describeRepo", { repo: did }, described)).collections;
}

/** `goat record ls <at-identifier> [--collection …]` */
export async function listRecords(goat: Goat, identifier: string, collection?: string) {
  const { client, did } = await at(goat, identifier);
  const { collections } = await client.query("com.atproto.repo.describeRepo", { repo: did }, described);
  const records: ReturnType<typeof recordsPage>["records"] = [];
  for (const nsid of collection === undefined ? collections : [collection]) {
    const pages = await walk((cursor) =>
      client.query(
        "com.atproto.repo.listRecords",
        { collection: nsid, repo: did, ...given({ cursor, limit: 100 }) },
        recordsPage,
      ),
    );
    records.push(...pages.flatMap((page) => page.records));
  }
  return records;
}

const commit = pointer(struct({ cid: string, rev: string }));
const written = struct({ cid: string, commit, uri: string, validationStatus: pointer(string) });

interface RecordOptions {
  rkey?: string;
  noValidate?: boolean;
}

/** `goat record create <file> [--rkey …] [--no-validate]` */
export async function createRecord(
  goat: Goat,
  file: string,
  { rkey, noValidate = false }: RecordOptions = {},
) {
  const client = await goat.client();
  if (rkey !== undefined && !isRecordKey(rkey)) throw new Error("not a record key");
  const input = {
    collection: typeOf(file),
    record: sorted(JSON.parse(file)),
    repo: didOfClient(client),
    rkey,
    validate: !noValidate,
  };
  return must(await client.procedure("com.atproto.repo.createRecord", input, written));
}

/** `goat record update <file> --rkey … [--no-validate]`: replaces only the version that was read. */
export async function updateRecord(
  goat: Goat,
  file: string,
  { rkey = "", noValidate = false }: RecordOptions,
) {
  const client = await goat.client();
  const collection = typeOf(file);
  const repo = didOfClient(client);
  const existing = await client.query("com.atproto.repo.getRecord", { collection, repo, rkey }, gotRecord);
  const input = {
    collection,
    record: sorted(JSON.parse(file)),
    repo,
    rkey,
    ...(existing.cid === null ? {} : { swapRecord: existing.cid }),
    validate: !noValidate,
  };
  return must(await client.procedure("com.atproto.repo.putRecord", input, written));
}

const typeOf = (file: string): string => unmarshal(struct({ $type: string }), file).$type;

/** `goat record delete --collection … --rkey …` Returns the commit; null if there was no record. */
export async function deleteRecord(goat: Goat, collection: string, rkey: string) {
  if (!isNsid(collection) || !isRecordKey(rkey)) throw new Error(`not a record: ${collection}/${rkey}`);
  const client = await goat.client();
  const input = { collection, repo: didOfClient(client), rkey };
  return must(await client.procedure("com.atproto.repo.deleteRecord", input, struct({ commit }))).commit;
}

/** `goat repo export <at-identifier>` */
export async function exportRepo(goat: Goat, identifier: string): Promise<Uint8Array> {
  const { client, did } = await at(goat, identifier);
  return client.queryBytes("com.atproto.sync.getRepo", { did });
}

/** `goat repo import <path>` */
export async function importRepo(goat: Goat, car: Uint8Array): Promise<void> {
  await (await goat.client()).upload("com.atproto.repo.importRepo", "application/vnd.ipld.car", car);
}

/** Go drops trailing zeros of fractional seconds: `:05.1Z`, `:05Z`. */
const goTime = (time: Date) => time.toISOString().replace(/\.?0*Z$/, "Z");

/** `goat bsky post <text>` */
export async function post(goat: Goat, text: string, now = new Date()) {
  const client = await goat.client();
  const record = { $type: "app.bsky.feed.post", createdAt: goTime(now), text };
  const input = { collection: record.$type, record, repo: didOfClient(client) };
  return must(await client.procedure("com.atproto.repo.createRecord", input, written));
}

const preferences = struct({ preferences: list(map(raw)) });

/** `goat bsky prefs export` */
export async function exportPreferences(goat: Goat): Promise<string> {
  const client = await goat.client();
  return marshal(sorted((await client.query("app.bsky.actor.getPreferences", {}, preferences)).preferences));
}

/** `goat bsky prefs import <file>` */
export async function importPreferences(goat: Goat, file: string): Promise<void> {
  const client = await goat.client();
  const input = { preferences: sorted(unmarshal(list(map(raw)), file)) };
  await client.procedure("app.bsky.actor.putPreferences", input);
}

const SCHEMA = "com.atproto.lexicon.schema";

/** `goat lex publish`, of one schema that is new or changed. */
export async function publishSchema(goat: Goat, nsid: string, schema: object) {
  const client = await goat.client();
  const record = sorted({ ...schema, $type: SCHEMA });
  const input = { collection: SCHEMA, record, repo: didOfClient(client), rkey: nsid };
  return must(await client.procedure("com.atproto.repo.putRecord", input, written));
}

/** `goat lex pull` and `lex status`: the schemas that an account publishes. */
export async function publishedSchemas(goat: Goat, identifier: string) {
  const { client, did } = await at(goat, identifier);
  const plain = new ApiClient(client.host);
  const params = { collection: SCHEMA, repo: did, limit: 100 };
  return (await plain.query("com.atproto.repo.listRecords", params, recordsPage)).records;
}

interface XrpcArguments {
  params?: Record<string, string>;
  body?: object;
  headers?: Record<string, string>;
  /** `did#service`; the call goes through the account's host. */
  service?: string;
}

/** `goat xrpc <method> @pds|<did#service> <endpoint> …`: a procedure always has a JSON body, if only `{}`. */
export async function xrpc(
  goat: Goat,
  method: "query" | "procedure",
  nsid: string,
  { params = {}, body = {}, headers = {}, service }: XrpcArguments = {},
): Promise<unknown> {
  const own = await goat.client();
  const client = service === undefined ? own : own.withService(service);
  const common = { Accept: "application/json", ...headers };
  const response =
    method === "query"
      ? await client.exchange("GET", nsid, { params, headers: common })
      : await client.exchange("POST", nsid, {
          params,
          headers: { ...common, "Content-Type": "application/json" },
          body: Buffer.from(marshal(sorted(body))),
        });
  // goat requires JSON from every call: it treats a procedure that answers nothing as failed.
  return unmarshal(raw, response.body.toString());
}
