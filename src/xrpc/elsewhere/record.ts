/** Records of accounts elsewhere, looked up for members whose app asks their own host. */
import { isResourceUri } from "@atcute/lexicons/syntax";
import { isDid } from "../../protocol/syntax.ts";
import { STANDARD, session } from "../server/policies.ts";
import type { Services } from "../server/services.ts";

const RECORD = "com.atproto.repo.getRecord";
const asMember = session({ scopes: STANDARD, checkTakedown: true });

interface Asked {
  repo: string;
  collection: string;
  rkey: string;
  cid?: string | undefined;
}

/** Null: the repo is here, nobody is signed in, or the record is not to be had. Asked once this host has none. */
export async function recordElsewhere(
  services: Services,
  request: Request,
  { repo, collection, rkey, cid }: Asked,
): Promise<Response | null> {
  if (services.env.APPVIEW !== "local" || !request.headers.has("authorization")) return null;
  if ((await services.directory.find(repo)) !== null) return null;
  const { did: member } = await asMember({ request, nsid: RECORD, services, params: {} });
  const did = isDid(repo) ? repo : await services.handles.find(repo);
  const uri = `at://${did}/${collection}/${rkey}`;
  if (did === null || !isResourceUri(uri)) return null;
  const found = (await services.elsewhere(member)?.record(uri)) ?? null;
  return found === null || (cid !== undefined && cid !== found.cid) ? null : Response.json(found);
}
