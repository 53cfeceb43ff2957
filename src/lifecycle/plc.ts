/** A member's changes to their did:plc. This host signs them (moving out) or submits them (moving in). */
import type { Did } from "@atcute/lexicons";
import { parseOperation } from "../identity/plc/operation-form.ts";
import type { PlcOperation, PlcService } from "../identity/plc/operation.ts";
import { invalidRequest, isRefusal } from "../protocol/refusal.ts";
import type { LifecycleServices } from "./services.ts";
import { settleStanding } from "./standing.ts";

export interface PlcChange {
  rotationKeys?: string[] | undefined;
  alsoKnownAs?: string[] | undefined;
  verificationMethods?: Record<string, unknown> | undefined;
  services?: Record<string, unknown> | undefined;
}

/**
 * Signs an update with the host's rotation key, without submitting it. Refuses InvalidRequest,
 * DidDeactivated.
 */
export async function signPlcOperation(
  { plc }: LifecycleServices,
  did: Did,
  change: PlcChange,
): Promise<PlcOperation> {
  const methods = change.verificationMethods;
  const services = change.services;
  if (methods !== undefined && !isKeys(methods)) throw invalidRequest("Invalid verificationMethods");
  if (services !== undefined && !isServices(services)) throw invalidRequest("Invalid services");
  return plc.signUpdate(did, (state) => ({
    rotationKeys: change.rotationKeys ?? state.rotationKeys,
    alsoKnownAs: change.alsoKnownAs ?? state.alsoKnownAs,
    verificationMethods: methods ?? state.verificationMethods,
    services: services ?? state.services,
  }));
}

function isKeys(value: Record<string, unknown>): value is Record<string, string> {
  return Object.values(value).every((key) => typeof key === "string");
}

function isServices(value: Record<string, unknown>): value is Record<string, PlcService> {
  return Object.values(value).every(
    (service) =>
      typeof service === "object" &&
      service !== null &&
      "type" in service &&
      typeof service.type === "string" &&
      "endpoint" in service &&
      typeof service.endpoint === "string",
  );
}

/**
 * Submits an operation that keeps the account here. It must contain this host's rotation key, endpoint,
 * signing key and handle, so that members do not lock themselves out by mistake. Announces #identity. Refuses
 * InvalidRequest.
 */
export async function submitPlcOperation(
  services: LifecycleServices,
  did: Did,
  unchecked: unknown,
  pds: string,
): Promise<void> {
  const operation = parseOperation(unchecked);
  if (operation.type !== "plc_operation") throw invalidRequest("Invalid operation");
  await assertStays(services, did, operation, pds);
  const act = await services.directory.unsettled.note({ did, kind: "identify" });
  try {
    await services.plc.submit(did, operation);
  } catch (thrown) {
    // A lost answer may hide a success; the schedule then announces what may be new.
    if (isRefusal(thrown) && thrown.status < 500) await services.directory.unsettled.end(act);
    throw thrown;
  }
  await settleStanding(services, act);
}

async function assertStays(
  services: LifecycleServices,
  did: Did,
  operation: PlcOperation,
  pds: string,
): Promise<void> {
  const [row, rotationKey, signingKey] = await Promise.all([
    services.directory.find(did),
    services.plc.rotationKey(),
    services.account(did).signingKey(),
  ]);
  if (!operation.rotationKeys.includes(rotationKey)) {
    throw invalidRequest("Rotation keys do not include server's rotation key");
  }
  const service = operation.services.atproto_pds;
  if (service?.type !== "AtprotoPersonalDataServer") {
    throw invalidRequest("Incorrect type on atproto_pds service");
  }
  if (service.endpoint !== pds) throw invalidRequest("Incorrect endpoint on atproto_pds service");
  if (operation.verificationMethods.atproto !== signingKey) {
    throw invalidRequest("Incorrect signing key");
  }
  if (row !== null && operation.alsoKnownAs[0] !== `at://${row.handle}`) {
    throw invalidRequest("Incorrect handle in alsoKnownAs");
  }
}
