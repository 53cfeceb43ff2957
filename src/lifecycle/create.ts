/**
 * Account creation. The directory reserves DID, handle and address first, in one transaction: that decides
 * between two calls for one of them, and is where the schedule finds a sign-up that nobody finishes. Then come
 * the account's object, the registration of the DID, and the listing as a member. No event is sent before
 * that.
 */
import type { Did } from "@atcute/lexicons";
import type { Reservation } from "../identity/changes.ts";
import type { Member } from "../identity/member.ts";
import { documentOf, stateOf, type PlcOperation } from "../identity/plc/operation.ts";
import { LEASE_MS, type Act } from "../identity/unsettled.ts";
import { didKey, generateKey } from "../protocol/keys.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { SettlingServices } from "./services.ts";
import { settleStanding } from "./standing.ts";

export interface NewAccount extends Omit<Reservation, "did"> {
  password?: string | undefined;
  /** An extra rotation key that the member keeps (did:key). */
  recoveryKey?: string | undefined;
  /** Origin of this host, for the DID document. */
  pds: string;
}

/**
 * An account of a DID that the member brings along. The member changes its document, and the account starts
 * deactivated.
 */
export interface BroughtAccount extends Reservation {
  password?: string | undefined;
}

/**
 * Registers a new did:plc and creates its account. There is no need to ask whether the DID is taken: it is
 * the hash of a key made a moment ago. Refuses HandleNotAvailable, InvalidInviteCode, InvalidRequest
 * (e-mail), UpstreamFailure (502).
 */
export async function createAccount(services: SettlingServices, wanted: NewAccount): Promise<Member> {
  const { directory, plc } = services;
  const { handle, email, inviteCode, password } = wanted;
  const signingKey = await generateKey();
  const { did, operation } = await plc.createGenesis({
    signingKey: didKey(signingKey),
    handle,
    pds: wanted.pds,
    recoveryKey: wanted.recoveryKey,
  });
  const act = await directory.changes.reserve("create", { did, handle, email, inviteCode });
  await make(services, act, { password, signingKey });
  await register(services, act, operation);
  // The registry will answer with what it was just told, so the new member's session need not ask it.
  directory.cache.remember(did, documentOf(did, stateOf(operation)));
  return list(services, act, "active");
}

/**
 * Creates the account of an existing DID, deactivated until its document points here. Uses the signing key
 * that reserveSigningKey promised, if any. Refuses AlreadyExists, and what `createAccount` refuses for a
 * handle, invite code or e-mail.
 */
export async function bringAccount(services: SettlingServices, wanted: BroughtAccount): Promise<Member> {
  const { did, handle, email, inviteCode, password } = wanted;
  const { changes, reservedKeys } = services.directory;
  const signingKey = (await reservedKeys.find(did)) ?? undefined;
  const act = await changes.reserve("bring", { did, handle, email, inviteCode });
  await make(services, act, { password, signingKey });
  return list(services, act, "deactivated");
}

/** Makes the account's object, or undoes the reservation. */
async function make(
  services: SettlingServices,
  act: Act,
  { password, signingKey }: { password: string | undefined; signingKey: Uint8Array | undefined },
): Promise<void> {
  const { did, at } = act;
  try {
    await services.account(did).create({
      did,
      at,
      password: password ?? null,
      signingKey,
    });
    const isLate = Date.now() > at + LEASE_MS / 3;
    if (isLate && !(await services.directory.unsettled.renew(act))) throw tooSlow();
  } catch (thrown) {
    await undo(services, act);
    throw thrown;
  }
}

const tooSlow = () =>
  new Refusal("NotEnoughResources", "The account could not be made in time. Try again", 503);

/** Undoes what this act made and reserved, and nothing of anybody else's. */
async function undo(services: SettlingServices, act: Act): Promise<void> {
  await services.account(act.did).destroy(act.at);
  await services.directory.changes.release(act);
}

async function register(services: SettlingServices, act: Act, operation: PlcOperation): Promise<void> {
  try {
    await services.plc.submit(act.did, operation);
  } catch (thrown) {
    // A lost response may hide a success: undo only if the registry knows nothing of the DID.
    const registered = await isRegistered(services, act.did).catch(() => null);
    if (registered === true) return;
    if (registered === false) await undo(services, act);
    throw isRefusal(thrown) ? thrown : new Refusal("UpstreamFailure", "The DID could not be registered", 502);
  }
}

/** Refuses UpstreamFailure (502) when the registry cannot be asked. */
async function isRegistered({ plc }: SettlingServices, did: Did): Promise<boolean> {
  try {
    await plc.lastOperation(did);
    return true;
  } catch (thrown) {
    if (isRefusal(thrown) && (thrown.error === "DidNotFound" || thrown.error === "DidDeactivated"))
      return false;
    throw thrown;
  }
}

/** Makes the reservation a member. */
async function list(services: SettlingServices, act: Act, state: "active" | "deactivated"): Promise<Member> {
  const { changes } = services.directory;
  // Whoever was slow may find that the schedule has been here first, and has listed or undone the account.
  const member = (await changes.admit(act, state)) ?? (await services.directory.findByDid(act.did));
  if (member === null || Date.parse(member.createdAt) !== act.at) {
    await services.account(act.did).destroy(act.at);
    throw tooSlow();
  }
  await settleStanding(services, act, member);
  return member;
}

/**
 * Ends a sign-up that nobody finished: completes it if its DID is registered, else undoes it. A brought
 * account that is not listed yet is undone.
 */
export async function settleSignUp(services: SettlingServices, act: Act): Promise<void> {
  const row = await services.directory.stage(act.did);
  if (row?.state !== "reserved") return settleStanding(services, act);
  if (act.kind === "bring" || !(await isRegistered(services, act.did))) return undo(services, act);
  await list(services, act, "active");
}
