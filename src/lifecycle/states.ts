/** Changes of an account's state after its creation. The directory changes first; the stations follow. */
import type { Did } from "@atcute/lexicons";
import { pdsEndpoint, verificationKey } from "../identity/did-document.ts";
import type { Act } from "../identity/unsettled.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import type { SettlingServices } from "./services.ts";
import { settleStanding } from "./standing.ts";

/**
 * Activates an account whose DID document points at this host and its key. Announces #account, #identity,
 * #sync. Refuses InvalidRequest when the document does not fit, AccountNotFound.
 */
export async function activateAccount(services: SettlingServices, did: Did, pds: string): Promise<void> {
  const row = await services.directory.find(did);
  if (row === null || row.takedown !== null) throw new Refusal("AccountNotFound", "user not found");
  await assertDocumentFits(services, did, pds);
  const { act, member } = await services.directory.changes.activate(did);
  await settleStanding(services, act, member);
}

/**
 * Deactivates an account. `deleteAfter` (ISO 8601) is when the host may delete it for good. Announces
 * #account deactivated. Refuses InvalidRequest.
 */
export async function deactivateAccount(
  services: SettlingServices,
  did: Did,
  deleteAfter: string | null,
): Promise<void> {
  const row = await services.directory.find(did);
  if (row === null || row.takedown !== null) throw invalidRequest("Account not found");
  const { act, member } = await services.directory.changes.deactivate(did, deleteAfter);
  await settleStanding(services, act, member);
  // Most members who deactivate have moved away. A fresh document shows where to; failure is harmless.
  await services.dids.find(did, { fresh: true }).catch(() => null);
}

/**
 * Deletes an account for good: hides it, announces #account deleted, erases its repo and blobs, and frees its
 * handle. Deletes as well what is left of an account that has no row, or no object.
 */
export async function deleteAccount(services: SettlingServices, did: Did): Promise<void> {
  const act = await services.directory.changes.markDeleted(did);
  if (act === null) await services.account(did).destroy(Date.now());
  else await settleDeletion(services, act);
}

/** Completes a deletion. The announcement is durable before the handle is free. */
export async function settleDeletion(services: SettlingServices, act: Act): Promise<void> {
  const { did, at } = act;
  await services.endSessions(did);
  await services.account(did).destroy(at);
  await services.directory.changes.remove(did);
}

/**
 * Whether the DID document names this host and the account's key. Reads a fresh document, since migration
 * just changed it.
 */
export async function documentFits(services: SettlingServices, did: Did, pds: string): Promise<boolean> {
  try {
    await assertDocumentFits(services, did, pds);
    return true;
  } catch {
    return false;
  }
}

async function assertDocumentFits(services: SettlingServices, did: Did, pds: string): Promise<void> {
  const document = await services.dids.find(did, { fresh: true });
  if (document === null) throw invalidRequest("Could not resolve DID");
  if (pdsEndpoint(document) !== pds) {
    throw invalidRequest("DID document atproto_pds service endpoint does not match PDS public url");
  }
  const key = verificationKey(document, "atproto");
  if (key !== (await services.account(did).signingKey())) {
    throw invalidRequest("DID document verification method does not match expected signing key");
  }
}
