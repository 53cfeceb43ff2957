/**
 * Recovery keys: rotation keys of the member's own, which outrank the host's in their did:plc. Whoever holds
 * one can move the identity when the host is gone, and within 72 hours undo what the host did to it.
 */
import type { Did } from "@atcute/lexicons";
import { isDidKey } from "../protocol/keys.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import { checkCode } from "./mailed-codes.ts";
import { signPlcOperation, submitPlcOperation } from "./plc.ts";
import type { LifecycleServices } from "./services.ts";

/** The rotation keys besides the host's, by descending authority; null for an identity that is no did:plc. */
export async function listRecoveryKeys({ plc }: LifecycleServices, did: Did): Promise<string[] | null> {
  if (!did.startsWith("did:plc:")) return null;
  const [{ rotationKeys }, hostKey] = await Promise.all([plc.state(did), plc.rotationKey()]);
  return rotationKeys.filter((key) => key !== hostKey);
}

/** Maximum number of keys: a directory takes ten, and the host needs some room for a move. */
const KEYS_MAX = 5;

/**
 * Adds a key of the highest authority. `code` was mailed for `plc_operation`.
 * Refuses InvalidRequest, InvalidToken, ExpiredToken, 502 UpstreamFailure.
 * @param pds this host's origin
 */
export async function addRecoveryKey(
  services: LifecycleServices,
  did: Did,
  { key, code, pds }: { key: string; code: string; pds: string },
): Promise<void> {
  if (!isDidKey(key)) throw invalidRequest("Invalid recovery key");
  await changeKeys(services, did, { code, pds }, (keys) => {
    if (keys.includes(key)) throw invalidRequest("The identity has this recovery key already");
    if (keys.length > KEYS_MAX) throw invalidRequest("Too many recovery keys");
    return [key, ...keys];
  });
}

/** Removes a key other than the host's. Refuses like `addRecoveryKey`. */
export async function removeRecoveryKey(
  services: LifecycleServices,
  did: Did,
  { key, code, pds }: { key: string; code: string; pds: string },
): Promise<void> {
  const hostKey = await services.plc.rotationKey();
  await changeKeys(services, did, { code, pds }, (keys) => {
    if (key === hostKey || !keys.includes(key)) throw invalidRequest("The identity has no such recovery key");
    return keys.filter((each) => each !== key);
  });
}

async function changeKeys(
  services: LifecycleServices,
  did: Did,
  { code, pds }: { code: string; pds: string },
  change: (keys: string[]) => string[],
): Promise<void> {
  const member = await services.directory.findByDid(did);
  if (member === null) throw invalidRequest("account not found");
  // The code outlives a failure of the registry, and is used up with the change.
  await checkCode(services, member, "plc_operation", code, true);
  const { rotationKeys } = await services.plc.state(did);
  const operation = await signPlcOperation(services, did, { rotationKeys: change(rotationKeys) });
  await submitPlcOperation(services, did, operation, pds);
  await checkCode(services, member, "plc_operation", code);
}
