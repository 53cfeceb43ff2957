/** Changes a member's handle: checks it both ways, updates directory and DID document, announces it. */
import type { Did, Handle } from "@atcute/lexicons";
import { hasExplicitSlur } from "../account/records/slurs.ts";
import { isKeptOut } from "../appview/unwanted-names.ts";
import { claimedHandle } from "../identity/did-document.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import type { Settings } from "../protocol/settings/list.ts";
import { freeHandle } from "./handle-check.ts";
import type { LifecycleServices } from "./services.ts";
import { settleStanding } from "./standing.ts";

export interface NamingServices extends LifecycleServices {
  env: LifecycleServices["env"] & Pick<Settings, "BLOCKED_WORDS">;
}

/**
 * If the PLC directory cannot be reached once the name is taken, refuses UpstreamFailure (502), and the
 * schedule completes the change. Refuses InvalidHandle, HandleNotAvailable, UnsupportedDomain, InvalidRequest.
 * @param wanted as the member wrote it; normalised here
 * @param options `allowReserved`, for the admin, gives out reserved names and skips `checkLanguage`
 */
export async function updateHandle(
  services: NamingServices,
  did: Did,
  wanted: string,
  options: { allowReserved?: boolean } = {},
): Promise<Handle> {
  const { directory, handles, plc, dids } = services;
  const row = await directory.find(did);
  if (row === null) throw invalidRequest("Account not found");
  if (!options.allowReserved) checkLanguage(services, wanted);
  const handle = await handles.validate(wanted, { did, ...options });
  // The domain names this account, so nobody else here can have it any more.
  await freeHandle(services, handle, did);
  const holder = await directory.find(handle);
  if (holder !== null && holder.did !== did) {
    throw new Refusal("HandleNotAvailable", `Handle already taken: ${handle}`);
  }
  // Asked first, so that a DID that this host cannot change is refused before anything is changed.
  if (did.startsWith("did:plc:")) await plc.assertMayUpdate(did);
  else await assertDocumentNames(dids, did, handle);
  // The directory decides who gets the name; the stations follow.
  const { act, member } = await directory.changes.rename(did, handle, row.handle);
  await settleStanding(services, act, member);
  return handle;
}

/**
 * Refuses InvalidHandle for an explicit slur, and for what the host's owners do not want in names: everybody
 * sees handles. Dashes do not hide a word; the host's own domain has none.
 */
export function checkLanguage(
  { env, handles }: Pick<NamingServices, "env" | "handles">,
  handle: string,
): void {
  const domain = handles.serviceDomain(handle.toLowerCase()) ?? "";
  const name = handle.slice(0, handle.length - domain.length);
  if (isKeptOut(env, name) || hasExplicitSlur(handle)) {
    throw new Refusal("InvalidHandle", "Inappropriate language in handle");
  }
}

async function assertDocumentNames(dids: LifecycleServices["dids"], did: Did, handle: Handle): Promise<void> {
  const document = await dids.find(did, { fresh: true });
  if (document === null || claimedHandle(document) !== handle) {
    throw invalidRequest("DID is not properly configured for handle");
  }
}
