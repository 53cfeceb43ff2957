/**
 * Changes of an account's state after its creation. Each step may run twice, and the directory changes first.
 * The account's saga is set beforehand, so that its alarm resumes a change that a crash interrupted
 * (`resumeState`).
 */
import type { Did, Handle } from "@atcute/lexicons";
import { pdsEndpoint, verificationKey } from "../identity/did-document.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import type { Saga } from "../protocol/account-station.ts";
import type { LifecycleServices } from "./services.ts";

/**
 * Activates an account whose DID document points at this host and its key. Announces #account, #identity,
 * #sync. Refuses InvalidRequest when the document does not fit, AccountNotFound.
 */
export async function activateAccount(services: LifecycleServices, did: Did, pds: string): Promise<void> {
  const row = await services.directory.find(did);
  if (row === null || row.takedown !== null) throw new Refusal("AccountNotFound", "user not found");
  await assertDocumentFits(services, did, pds);
  await services.account(did).setSaga({ step: "activating", data: {} });
  await toActive(services, did, row.handle);
}

async function toActive(services: LifecycleServices, did: Did, handle: Handle): Promise<void> {
  const account = services.account(did);
  await services.directory.activate(did);
  await account.activate("returning", handle);
  await account.setSaga(null);
}

/**
 * Deactivates an account. `deleteAfter` (ISO 8601) is when the host may delete it for good. Announces
 * #account deactivated. Refuses InvalidRequest.
 */
export async function deactivateAccount(
  services: LifecycleServices,
  did: Did,
  deleteAfter: string | null,
): Promise<void> {
  const row = await services.directory.find(did);
  if (row === null || row.takedown !== null) throw invalidRequest("Account not found");
  await services.account(did).setSaga({ step: "deactivating", data: { deleteAfter } });
  await toDeactivated(services, did, deleteAfter);
}

async function toDeactivated(
  services: LifecycleServices,
  did: Did,
  deleteAfter: string | null,
): Promise<void> {
  const account = services.account(did);
  await services.directory.deactivate(did, deleteAfter);
  await account.deactivate();
  await account.setSaga(null);
  // Most members who deactivate have moved away. A fresh document shows where to; failure is harmless.
  await services.dids.find(did, { fresh: true }).catch(() => null);
}

/** Resumes a change of state or a deletion. Returns false if the saga is none of these. */
export async function resumeState(services: LifecycleServices, did: Did, saga: Saga): Promise<boolean> {
  switch (saga.step) {
    case "activating": {
      const row = await services.directory.find(did);
      if (row === null) await services.account(did).setSaga(null);
      else await toActive(services, did, row.handle);
      return true;
    }
    case "deactivating": {
      const { deleteAfter } = saga.data;
      await toDeactivated(services, did, typeof deleteAfter === "string" ? deleteAfter : null);
      return true;
    }
    case "deleting":
      await deleteAccount(services, did);
      return true;
    default:
      return false;
  }
}

/**
 * Deletes an account: removes it from the directory, which frees its handle, announces #account deleted, and
 * erases its repo and blobs. The saga is set first, so that the alarm resumes after a crash.
 */
export async function deleteAccount(services: LifecycleServices, did: Did): Promise<void> {
  const account = services.account(did);
  await account.setSaga({ step: "deleting", data: {} });
  await services.directory.remove(did);
  await account.destroy();
}

/**
 * Whether the DID document names this host and the account's key. Reads a fresh document, since migration
 * just changed it.
 */
export async function documentFits(services: LifecycleServices, did: Did, pds: string): Promise<boolean> {
  try {
    await assertDocumentFits(services, did, pds);
    return true;
  } catch {
    return false;
  }
}

async function assertDocumentFits(services: LifecycleServices, did: Did, pds: string): Promise<void> {
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
