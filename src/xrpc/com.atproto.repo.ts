/** com.atproto.repo.*: records and blobs of the accounts on this host. */
import { filesOf } from "../lifecycle/files/store.ts";
import * as ApplyWrites from "@atcute/atproto/types/repo/applyWrites";
import * as CreateRecord from "@atcute/atproto/types/repo/createRecord";
import * as DeleteRecord from "@atcute/atproto/types/repo/deleteRecord";
import * as DescribeRepo from "@atcute/atproto/types/repo/describeRepo";
import * as GetRecord from "@atcute/atproto/types/repo/getRecord";
import * as ImportRepo from "@atcute/atproto/types/repo/importRepo";
import * as ListMissingBlobs from "@atcute/atproto/types/repo/listMissingBlobs";
import * as ListRecords from "@atcute/atproto/types/repo/listRecords";
import * as PutRecord from "@atcute/atproto/types/repo/putRecord";
import * as UploadBlob from "@atcute/atproto/types/repo/uploadBlob";
import type { ActorIdentifier, Did } from "@atcute/lexicons";
import type { InferXRPCBodyOutput } from "@atcute/lexicons/validations";
import { isDid } from "@atcute/lexicons/syntax";
import { uploadBlob } from "./blobs/upload.ts";
import { claimedHandle } from "../identity/did-document.ts";
import type { AccountStation, BatchWrite, Costed } from "../protocol/account-station.ts";
import { bodyOf } from "../protocol/body.ts";
import { Refusal, authRequired, invalidRequest, isRefusal } from "../protocol/refusal.ts";
import { recordElsewhere } from "./elsewhere/record.ts";
import { anyone, member, memberOrService, owner } from "./server/policies.ts";
import type { MemberCaller } from "./server/policies.ts";
import { method } from "./server/method.ts";
import type { Method } from "./server/method.ts";
import type { Services } from "./server/services.ts";

/** Maximum JSON body of a write, in bytes. */
const WRITE = { jsonLimit: 1_000_000 };

/**
 * The caller's own account, which `repo` names by DID or handle. Refuses AccountNotFound (403),
 * AuthenticationRequired.
 */
async function ownAccount(
  repo: ActorIdentifier,
  caller: MemberCaller,
  services: Services,
): Promise<AccountStation> {
  if (repo !== caller.did) {
    const account = await services.directory.find(repo);
    if (account === null) throw new Refusal("AccountNotFound", "Account not found", 403);
    if (account.did !== caller.did) throw authRequired();
  }
  return services.account(caller.did);
}

/** The DID of a repo. Refuses InvalidRequest for an unknown handle, as record reads do for unknown repos. */
async function didOf(repo: ActorIdentifier, services: Services): Promise<Did> {
  if (isDid(repo)) return repo;
  const account = await services.directory.find(repo);
  if (account === null) throw invalidRequest(`Could not find repo: ${repo}`);
  return account.did;
}

/** The errors of a repo that is not here. */
const UNKNOWN = new Set(["RepoNotFound", "InvalidRequest"]);

async function recordHere({ repo, collection, rkey, cid }: GetRecord.$params, services: Services) {
  const did = await didOf(repo, services);
  const record = await services.account(did).getRecord(collection, rkey, cid);
  if (record === null) {
    throw new Refusal("RecordNotFound", `Could not locate record: at://${did}/${collection}/${rkey}`);
  }
  return record;
}

/** Returns a write's outcome without its cost, which local runs report in the `atoll-cost` header. */
function reported<T extends Costed>({ cost, ...outcome }: T, headers: Headers): Omit<T, "cost"> {
  if (cost) headers.set("atoll-cost", `account=${cost.written}/${cost.read}`);
  return outcome;
}

type LexiconWrite = InferXRPCBodyOutput<(typeof ApplyWrites.mainSchema)["input"]>["writes"][number];

function batchWrite(write: LexiconWrite): BatchWrite {
  switch (write.$type) {
    case "com.atproto.repo.applyWrites#create":
      return { action: "create", collection: write.collection, rkey: write.rkey, value: write.value };
    case "com.atproto.repo.applyWrites#update":
      return { action: "update", collection: write.collection, rkey: write.rkey, value: write.value };
    case "com.atproto.repo.applyWrites#delete":
      return { action: "delete", collection: write.collection, rkey: write.rkey };
    default:
      throw invalidRequest("Action not supported");
  }
}

export const comAtprotoRepo: Method[] = [
  method(
    CreateRecord,
    member,
    async ({ input: { repo, ...input }, caller, services, headers }) =>
      reported(await (await ownAccount(repo, caller, services)).createRecord(input), headers),
    WRITE,
  ),

  method(
    PutRecord,
    member,
    async ({ input: { repo, ...input }, caller, services, headers }) =>
      reported(await (await ownAccount(repo, caller, services)).putRecord(input), headers),
    WRITE,
  ),

  method(
    DeleteRecord,
    member,
    async ({ input: { repo, ...input }, caller, services, headers }) =>
      reported(await (await ownAccount(repo, caller, services)).deleteRecord(input), headers),
    WRITE,
  ),

  method(
    ApplyWrites,
    member,
    async ({ input: { repo, writes, ...input }, caller, services, headers }) => {
      const account = await ownAccount(repo, caller, services);
      if (writes.length > 200) throw invalidRequest("Too many writes. Max: 200");
      const outcome = await account.applyWrites({ ...input, writes: writes.map(batchWrite) });
      const { commit, results } = reported(outcome, headers);
      return {
        commit,
        results: results.map((result, i) => {
          if (result === null) return { $type: "com.atproto.repo.applyWrites#deleteResult" as const };
          return writes[i]?.$type === "com.atproto.repo.applyWrites#create"
            ? { $type: "com.atproto.repo.applyWrites#createResult" as const, ...result }
            : { $type: "com.atproto.repo.applyWrites#updateResult" as const, ...result };
        }),
      };
    },
    WRITE,
  ),

  method(GetRecord, anyone, async ({ params, services, request }) => {
    try {
      return await recordHere(params, services);
    } catch (thrown) {
      const isUnknown = isRefusal(thrown) && UNKNOWN.has(thrown.error);
      const found = isUnknown ? await recordElsewhere(services, request, params) : null;
      if (found === null) throw thrown;
      return found;
    }
  }),

  method(ListRecords, anyone, async ({ params: { repo, collection, ...page }, services, request }) => {
    const account = services.account(await didOf(repo, services));
    const headers = { "content-type": "application/json; charset=utf-8" };
    const records = await account.listRecords(collection, page);
    return new Response(request.method === "HEAD" ? null : await bodyOf(records), { headers });
  }),

  method(DescribeRepo, anyone, async ({ params: { repo }, services }) => {
    const account = await services.directory.find(repo);
    if (account === null) throw new Refusal("RepoNotFound", `Could not find repo for DID: ${repo}`);
    const [collections, didDoc] = await Promise.all([
      services.account(account.did).listCollections("public"),
      services.dids.resolve(account.did),
    ]);
    const { did, handle } = account;
    return { handle, did, didDoc, collections, handleIsCorrect: claimedHandle(didDoc) === handle };
  }),

  method(UploadBlob, memberOrService(), async ({ request, caller: { did }, services }) => {
    const { env } = services;
    return {
      blob: await uploadBlob(filesOf(env), services.account(did), did, request, Number(env.BLOB_LIMIT)),
    };
  }),

  method(ListMissingBlobs, member, async ({ params, caller, services }) => {
    const blobs = await services.account(caller.did).listMissingBlobs(params);
    const cursor = blobs.at(-1)?.cid;
    return { blobs, cursor };
  }),

  method(ImportRepo, owner, async ({ request, caller: { did }, services, headers }) => {
    if (request.body === null) throw invalidRequest("Invalid CAR: unexpected end");
    const { irregular } = reported(await services.account(did).importRepo(request.body), headers);
    // The lexicon has no output. This one says which records were kept although they do not show.
    return irregular.count === 0 ? undefined : Response.json({ irregular }, { headers });
  }),
];
