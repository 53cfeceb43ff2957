/** Makes the stations follow what the directory says of a member: state, takedown, handle. */
import { stillStands } from "../identity/changes.ts";
import { INVALID_HANDLE, type Member } from "../identity/member.ts";
import type { Act } from "../identity/unsettled.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { RefusalShape } from "../protocol/refusal.ts";
import type { SettlingServices } from "./services.ts";
import { endEverySession } from "./sessions.ts";

/**
 * Carries an act on a member out. `member` is what the act left in the directory, if the caller knows. An act
 * on a member who is gone is struck out. Refuses as the PLC directory does when it does not take a new
 * handle; the member then has the old one.
 */
export async function settleStanding(services: SettlingServices, act: Act, member?: Member): Promise<void> {
  const { directory } = services;
  let refused: RefusalShape | null = null;
  await directory.unsettled.carryOut(act, member ?? null, {
    read: () => directory.findByDid(act.did),
    async follow(present) {
      refused = (await follow(services, act, present)) ?? refused;
    },
    holds: stillStands,
  });
  if (refused !== null) throw refused;
}

/** Returns the refusal after which the directory has the handle before this one again. */
async function follow(services: SettlingServices, act: Act, member: Member): Promise<RefusalShape | null> {
  const { did } = member;
  switch (act.kind) {
    // The AppView may still know a takedown of an earlier account of a brought DID.
    case "bring":
    case "takedown":
      await followTakedown(services, act, member);
      return null;
    case "rename":
      return followHandle(services, act, member);
    case "identify":
      await services.account(did).announceIdentity();
      await services.dids.find(did, { fresh: true });
      return null;
    case "sign-out":
      await endEverySession(services, did, act.subject);
      return null;
    default:
      await followInObject(services, act, member);
      return null;
  }
}

/** An account without an object has nothing that could follow. */
async function followInObject(services: SettlingServices, act: Act, member: Member): Promise<void> {
  const { did, state, takedown, takedownRef, handle } = member;
  const standing = { active: state === "active", takedown, takedownRef, handle };
  try {
    await services.account(did).settle(standing, { at: act.at, isNew: act.kind === "create" });
  } catch (thrown) {
    if (!isRefusal(thrown) || thrown.error !== "AccountNotFound") throw thrown;
  }
}

/** Each station is told, whatever the others answer. */
async function followTakedown(services: SettlingServices, act: Act, member: Member): Promise<void> {
  const { did, takedown, takedownRef } = member;
  const applied = takedown !== null;
  const ref = takedownRef === null ? {} : { ref: takedownRef };
  const told = await Promise.allSettled([
    services.moderate([{ kind: "takedown", did, applied, ...ref }]),
    applied ? services.endSessions(did) : null,
    followInObject(services, act, member),
  ]);
  for (const each of told) if (each.status === "rejected") throw each.reason;
}

/** The DID document first, then those who look it up. */
async function followHandle(
  services: SettlingServices,
  act: Act,
  member: Member,
): Promise<RefusalShape | null> {
  const { did, handle } = member;
  try {
    const hasPlace = did.startsWith("did:plc:") && handle !== INVALID_HANDLE;
    if (hasPlace) await services.plc.updateHandle(did, handle);
    // Until it is looked up anew, this host would go on showing the document as it was.
    if (hasPlace) await services.dids.find(did, { fresh: true });
  } catch (thrown) {
    if (!isRefusal(thrown) || thrown.status >= 500 || act.subject === null) throw thrown;
    await services.directory.changes.restoreHandle(did, handle, act.subject);
    return thrown;
  }
  await followInObject(services, act, member);
  return null;
}
