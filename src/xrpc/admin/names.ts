/** Names that owners keep from members: the same for XRPC and for the admin's pages. */
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";
import { act } from "./acts.ts";

/** Refuses InvalidRequest for what is no first part of a handle. */
export async function reserveNames(services: Services, caller: ActingCaller, names: string[]): Promise<void> {
  await act(services, caller, "reserveNames", undefined, { names }, () =>
    services.directory.reservedNames.reserve(names, caller.actor),
  );
}

export async function releaseNames(services: Services, caller: ActingCaller, names: string[]): Promise<void> {
  await act(services, caller, "releaseNames", undefined, { names }, () =>
    services.directory.reservedNames.release(names),
  );
}
