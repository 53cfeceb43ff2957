/**
 * Account creation: a saga over the account object, the directory and the DID's registry. The object stores
 * the step, and its alarm resumes after a crash (`resumeCreation`):
 *
 *   building     object made, handle perhaps held     → roll back: release the handle, erase the object
 *   registering  about to register the DID, or later  → if registered, go forward: list as a member,
 *                                                       announce; else roll back
 *
 * No event is sent before `activate`, the last step but one.
 */
import type { Did, Handle } from "@atcute/lexicons";
import type { Member } from "../identity/directory.ts";
import { didKey, generateKey } from "../protocol/keys.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import { documentOf, stateOf, type PlcOperation } from "../identity/plc/operation.ts";
import type { LifecycleServices } from "./services.ts";

export interface NewAccount {
  handle: Handle;
  email?: string | undefined;
  password?: string | undefined;
  inviteCode?: string | undefined;
  /** An extra rotation key that the member keeps (did:key). */
  recoveryKey?: string | undefined;
  /** Origin of this host, for the DID document. */
  pds: string;
}

/**
 * An account of a DID that the member brings along. The member changes its document, and the account starts
 * deactivated.
 */
export interface BroughtAccount extends Omit<NewAccount, "recoveryKey" | "pds"> {
  did: Did;
}

/**
 * Registers a new did:plc and creates its account. There is no need to ask whether the DID is taken: it is
 * the hash of a key made a moment ago. Refuses HandleNotAvailable, InvalidInviteCode, InvalidRequest
 * (e-mail), UpstreamFailure (502).
 */
export async function createAccount(services: LifecycleServices, wanted: NewAccount): Promise<Member> {
  const signingKey = await generateKey();
  const { did, operation } = await services.plc.createGenesis({
    signingKey: didKey(signingKey),
    handle: wanted.handle,
    pds: wanted.pds,
    recoveryKey: wanted.recoveryKey,
  });
  const account = services.account(did);
  await build(services, did, { ...wanted, signingKey });
  await account.setSaga({ step: "registering", data: { handle: wanted.handle } });
  await register(services, did, operation);
  // The registry will answer with what it was just told, so the new member's session need not ask it.
  services.directory.cache.remember(did, documentOf(did, stateOf(operation)));
  return forward(services, did, wanted.handle);
}

/**
 * Creates the account of an existing DID, deactivated until its document points here. Uses the signing key
 * that reserveSigningKey promised, if any. Refuses AlreadyExists, and what `createAccount` refuses for a
 * handle, invite code or e-mail.
 */
export async function bringAccount(services: LifecycleServices, wanted: BroughtAccount): Promise<Member> {
  const { did } = wanted;
  const { reservedKeys } = services.directory;
  if ((await services.directory.stage(did)) !== null) {
    throw new Refusal("AlreadyExists", "Repo already exists");
  }
  const promised = await reservedKeys.find(did);
  await build(services, did, promised === null ? wanted : { ...wanted, signingKey: promised });
  const account = await services.directory.deactivate(did);
  await services.account(did).setSaga(null);
  if (promised !== null) await reservedKeys.drop(didKey(promised));
  return account;
}

interface Building {
  handle: Handle;
  email?: string | undefined;
  password?: string | undefined;
  inviteCode?: string | undefined;
  signingKey?: Uint8Array;
}

/** Creates the object first, since it owns the saga, then reserves the handle, whose uniqueness decides. */
async function build(services: LifecycleServices, did: Did, wanted: Building): Promise<void> {
  const { handle, email, inviteCode, password, signingKey } = wanted;
  await services.account(did).create({
    password: password ?? null,
    saga: { step: "building", data: {} },
    signingKey,
  });
  try {
    await services.directory.reserve({ did, handle, email, inviteCode });
  } catch (thrown) {
    await back(services, did);
    throw thrown;
  }
}

async function register(services: LifecycleServices, did: Did, operation: PlcOperation): Promise<void> {
  try {
    await services.plc.submit(did, operation);
  } catch (thrown) {
    // A lost response may hide a success: roll back only if the registry knows nothing of the DID.
    const registered = await isRegistered(services, did).catch(() => null);
    if (registered === true) return;
    if (registered === false) await back(services, did);
    throw isRefusal(thrown) ? thrown : new Refusal("UpstreamFailure", "The DID could not be registered", 502);
  }
}

/** Refuses UpstreamFailure (502) when the registry cannot be asked. */
async function isRegistered(services: LifecycleServices, did: Did): Promise<boolean> {
  try {
    await services.plc.lastOperation(did);
    return true;
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.error === "DidNotFound") return false;
    throw thrown;
  }
}

async function forward(services: LifecycleServices, did: Did, handle: Handle): Promise<Member> {
  const account = services.account(did);
  const listed = await services.directory.activate(did);
  await account.activate("new", handle);
  await account.setSaga(null);
  return listed;
}

async function back(services: LifecycleServices, did: Did): Promise<void> {
  await services.directory.release(did);
  await services.account(did).destroy();
}

/** Completes or rolls back a creation that a crash interrupted. Running it twice does it once. */
export async function resumeCreation(services: LifecycleServices, did: Did, step: string): Promise<void> {
  const row = await services.directory.stage(did);
  // A brought account that is listed is complete; only the end of its saga was lost.
  if (step === "building" && row?.state === "deactivated") return services.account(did).setSaga(null);
  if (step === "building" || row === null) return back(services, did);
  if (step === "registering" && !(await isRegistered(services, did))) return back(services, did);
  await forward(services, did, row.handle);
}
