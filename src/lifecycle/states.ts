/** The states an account passes through after its creation. Each step may run twice; the directory comes first. */
import type { Did } from "@atcute/lexicons";
import { pdsEndpoint, verificationKey } from "../identity/did-document.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import type { LifecycleServices } from "./services.ts";

/**
 * Activates an account whose DID document points at this host and its key. Announces #account, #identity, #sync.
 * Refuses InvalidRequest when the document does not fit, AccountNotFound.
 */
export async function activateAccount(services: LifecycleServices, did: Did, pds: string): Promise<void> {
  const row = await services.directory.find(did);
  if (row === null || row.takedown !== null) throw new Refusal("AccountNotFound", "user not found");
  await assertDocumentFits(services, did, pds);
  await services.directory.activate(did);
  await services.account(did).activate("returning", row.handle);
}

/** `deleteAfter`: ISO 8601, when the host may delete the account for good. Announces #account deactivated. */
export async function deactivateAccount(
  services: LifecycleServices,
  did: Did,
  deleteAfter: string | null,
): Promise<void> {
  const row = await services.directory.find(did);
  if (row === null || row.takedown !== null) throw invalidRequest("Account not found");
  await services.directory.deactivate(did, deleteAfter);
  await services.account(did).deactivate();
}

/**
 * Deletes an account: nobody finds it, its handle is free, #account deleted goes out, its repo and blobs are erased. The
 * saga is set first, so that a crash in between is carried on.
 */
export async function deleteAccount(services: LifecycleServices, did: Did): Promise<void> {
  const account = services.account(did);
  await account.setSaga({ step: "deleting", data: {} });
  await services.directory.remove(did);
  await account.destroy();
}

/** Whether the DID document names this host and the account's key; a fresh document, since migration just changed it. */
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
