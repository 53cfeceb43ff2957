/** com.atproto.sync.*: whole repos, proofs and blobs, for anyone to verify or copy. */
import { filesOf } from "../lifecycle/files/store.ts";
import * as GetBlob from "@atcute/atproto/types/sync/getBlob";
import * as GetBlocks from "@atcute/atproto/types/sync/getBlocks";
import * as GetCheckout from "@atcute/atproto/types/sync/getCheckout";
import * as GetHead from "@atcute/atproto/types/sync/getHead";
import * as GetHostStatus from "@atcute/atproto/types/sync/getHostStatus";
import * as GetLatestCommit from "@atcute/atproto/types/sync/getLatestCommit";
import * as GetRecord from "@atcute/atproto/types/sync/getRecord";
import * as GetRepo from "@atcute/atproto/types/sync/getRepo";
import * as GetRepoStatus from "@atcute/atproto/types/sync/getRepoStatus";
import * as ListBlobs from "@atcute/atproto/types/sync/listBlobs";
import * as ListRepos from "@atcute/atproto/types/sync/listRepos";
import * as RequestCrawl from "@atcute/atproto/types/sync/requestCrawl";
import type { Did } from "@atcute/lexicons";
import { serveBlob } from "./blobs/download.ts";
import { publicUrl } from "../identity/outbound.ts";
import { bodyOf } from "../protocol/body.ts";
import type { Access } from "../protocol/account-station.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { NEIGHBOURS_NAME } from "../protocol/stations.ts";
import type { RepoAge, SequencedRepo } from "../protocol/stations.ts";
import { isDid } from "../protocol/syntax.ts";
import { anyone, memberOrAdminOrAnyone } from "./server/policies.ts";
import type { AdminCaller, MemberCaller } from "./server/policies.ts";
import { method } from "./server/method.ts";
import type { Method } from "./server/method.ts";

/** Accounts see their own repo, and the admin sees every repo, in any state. */
const accessOf = (caller: MemberCaller | AdminCaller | null, did: Did): Access =>
  caller?.kind === "admin" || caller?.did === did ? "owner" : "public";

const car = (body: BodyInit) =>
  new Response(body, { headers: { "content-type": "application/vnd.ipld.car" } });

const HEARS_NOBODY = "This host hears no others (setting NEIGHBOURS)";

/** Most accounts that getHostStatus counts for anyone who asks. A larger host does not say how large it is. */
const COUNTED = 500;

/** An entry of listRepos; null for a repo without a commit (not yet, or no longer). */
function listed({ did, head, rev, status }: SequencedRepo) {
  if (head === null || rev === null || status === "deleted") return null;
  return { did, head, rev, active: status === "active", status: status === "active" ? undefined : status };
}

/** A cursor of listRepos, `<ms>::<did>` as in the reference. Refuses InvalidRequest. */
function placeAt(cursor: string): RepoAge {
  const [, since, did] = /^(\d{1,15})::(did:.+)$/.exec(cursor) ?? [];
  if (!isDid(did)) throw invalidRequest("Malformed cursor");
  return { since: Number(since), did };
}

export const comAtprotoSync: Method[] = [
  method(GetRepo, memberOrAdminOrAnyone, async ({ params: { did, since }, caller, services }) =>
    car(await services.account(did).getRepo(accessOf(caller, did), since)),
  ),

  method(GetCheckout, memberOrAdminOrAnyone, async ({ params: { did }, caller, services }) =>
    car(await services.account(did).getRepo(accessOf(caller, did))),
  ),

  method(GetRecord, memberOrAdminOrAnyone, async ({ params: { did, collection, rkey }, caller, services }) =>
    car(await bodyOf(await services.account(did).getRecordProof(accessOf(caller, did), collection, rkey))),
  ),

  method(GetBlocks, memberOrAdminOrAnyone, async ({ params: { did, cids }, caller, services }) =>
    car(await services.account(did).getBlocks(accessOf(caller, did), cids)),
  ),

  method(GetLatestCommit, memberOrAdminOrAnyone, ({ params: { did }, caller, services }) =>
    services.account(did).getLatestCommit(accessOf(caller, did)),
  ),

  method(GetHead, memberOrAdminOrAnyone, async ({ params: { did }, caller, services }) => ({
    root: (await services.account(did).getLatestCommit(accessOf(caller, did))).cid,
  })),

  method(GetRepoStatus, anyone, async ({ params: { did }, services }) => ({
    did,
    ...(await services.account(did).getRepoStatus()),
  })),

  method(ListRepos, anyone, async ({ params: { cursor, limit }, services }) => {
    const after = cursor === undefined ? null : placeAt(cursor);
    const found = await services.sequencer().reposByAge(after, limit);
    const last = found.length < limit ? undefined : found.at(-1);
    const repos = found.map(listed).filter((repo) => repo !== null);
    return { repos, cursor: last && `${last.since}::${last.did}` };
  }),

  method(ListBlobs, memberOrAdminOrAnyone, async ({ params: { did, ...page }, caller, services }) => {
    const cids = await services.account(did).listBlobs(accessOf(caller, did), page);
    const cursor = cids.at(-1);
    return { cids, cursor };
  }),

  method(GetBlob, memberOrAdminOrAnyone, async ({ params: { did, cid }, caller, services, request }) => {
    const access = accessOf(caller, did);
    const blob = await services.account(did).getBlob(access, cid);
    return serveBlob(filesOf(services.env), cid, blob, request, access);
  }),

  method(GetHostStatus, anyone, async ({ params: { hostname }, services }) => {
    // A relay knows many hosts; this host knows only itself.
    if (hostname !== services.host.hostname) throw new Refusal("HostNotFound", `Host not found: ${hostname}`);
    const [{ seq }, streams, accountCount] = await Promise.all([
      services.sequencer().status(),
      services.sequencer().streams(),
      services.directory.countActive(COUNTED),
    ]);
    // Beyond the lexicon: who reads the host's streams, and how far they are.
    return { hostname, seq, accountCount, status: "active", streams };
  }),

  method(RequestCrawl, anyone, async ({ input: { hostname }, services: { env } }) => {
    if (env.NEIGHBOURS === "off") throw new Refusal("MethodNotImplemented", HEARS_NOBODY, 501);
    const url = URL.parse(`${env.LOCAL === "1" ? "http" : "https"}://${hostname}`);
    if (url === null || url.host !== hostname.toLowerCase())
      throw invalidRequest("hostname is no host's name");
    await env.NEIGHBOURS_OBJECT.getByName(NEIGHBOURS_NAME).pinged(publicUrl(url, env.LOCAL === "1").host);
  }),
];
