/** The view context of an AppView read: its viewer, and the labelers that the request names. */
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
 * Adds the rev up to which the viewer's own repo is indexed to the reply. A PDS compares it to decide which
 * of its own records to add to the answer (read-after-write).
 */
export const withRev = <Read extends ViewContext>(reading: Read, { headers }: ReadCall): Read => ({
  ...reading,
  sawRev: (rev) => headers.set("atproto-repo-rev", rev),
});

/** Adds the rev to a refusal as well: a missing record may only be too new, and the viewer's PDS can tell. */
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
