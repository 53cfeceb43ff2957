/** What an AppView read is made on: the caller's eyes, and the labelers that the request names. */
import type { Did } from "@atcute/lexicons";
import type { MemberViewContext, ViewContext } from "../../appview/reads/view-context.ts";
import { Refusal, isRefusal } from "../../protocol/refusal.ts";
import type { Services } from "./services.ts";

interface ReadCall {
  caller: { did: Did } | null;
  services: Services;
  request: Request;
  headers: Headers;
}

export const viewContextFor = ({ caller, services, request, headers }: ReadCall): ViewContext =>
  services.appview.on(caller?.did ?? null, request, headers);

export const memberViewContextFor = ({
  caller,
  services,
  request,
  headers,
}: ReadCall & { caller: { did: Did } }): MemberViewContext =>
  services.appview.on(caller.did, request, headers);

/**
 * Makes the reply say up to which rev the viewer's own repo is indexed, as those methods do by which a PDS decides what
 * to add of its own (read-after-write).
 */
export const withRev = <Read extends ViewContext>(reading: Read, { headers }: ReadCall): Read => ({
  ...reading,
  sawRev: (rev) => headers.set("atproto-repo-rev", rev),
});

/** Lets a refusal say that rev too: what is not found may only be too new, and the viewer's own PDS can tell. */
export async function refusedWithRev<T>(answer: Promise<T>, { headers }: ReadCall): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    const rev = headers.get("atproto-repo-rev");
    if (rev === null || !isRefusal(thrown)) throw thrown;
    const { error, message, status } = thrown;
    throw new Refusal(error, message, status, { ...thrown.headers, "atproto-repo-rev": rev });
  }
}
