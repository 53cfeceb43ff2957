/**
 * Account creation, a saga over the account object, the directory and the DID's registry. The object remembers the step,
 * and its alarm resumes what a crash left (`resumeCreation`):
 *
 *   building     object made, handle perhaps held          → roll back: release the handle, erase the object
 *   registering  about to register the DID, or beyond that → registered? forward: list as a member, announce. Else back.
 *
 * No event leaves before `activate`, the last step but one.
 */
import type { Did, Handle } from "@atcute/lexicons";
import type { Account } from "../identity/directory.ts";
import { didKey, generateKey } from "../protocol/keys.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import { documentOf, stateOf, type PlcOperation } from "../identity/plc/operation.ts";
import type { LifecycleServices } from "./services.ts";

export interface NewAccount {
  handle: Handle;
  email?: string | undefined;
  password?: string | undefined;
  inviteCode?: string | undefined;
  /** An extra rotation key for the member's own keeping (did:key). */
  recoveryKey?: string | undefined;
  /** Origin of this host, for the DID document. */
  pds: string;
}

/** A DID that the member brings along; its document is theirs to change, and the account starts deactivated. */
export interface BroughtAccount extends Omit<NewAccount, "recoveryKey" | "pds"> {
  did: Did;
}

/**
 * Registers a new did:plc and makes its account. That nobody has the DID need not be asked: it is the hash of a key that
 * was made a moment ago. Refuses HandleNotAvailable, InvalidInviteCode, InvalidRequest (e-mail).
 */
export async function createAccount(services: LifecycleServices, wanted: NewAccount): Promise<Account> {
  const signingKey = generateKey(crypto.getRandomValues(new Uint8Array(32)));
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
  // What the registry was told is what it will answer: the newcomer's session need not ask.
  services.directory.cache.remember(did, documentOf(did, stateOf(operation)));
  return forward(services, did, wanted.handle);
}

/**
 * Makes the account of a DID that exists already, deactivated until its document points here. Its signing key is the one
 * that reserveSigningKey promised, if any.
 */
export async function bringAccount(services: LifecycleServices, wanted: BroughtAccount): Promise<Account> {
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

/** The object first, since it owns the saga; then the handle, whose uniqueness decides. */
async function build(services: LifecycleServices, did: Did, wanted: Building): Promise<void> {
  const { handle, email, inviteCode, password, signingKey } = wanted;
  await services.account(did).create({
    password: password ?? null,
    saga: { step: "building", data: {} },
    ...(signingKey === undefined ? {} : { signingKey }),
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
    // A lost answer may hide a success: only a registry that knows nothing of the DID lets us roll back.
    const registered = await isRegistered(services, did).catch(() => null);
    if (registered === true) return;
    if (registered === false) await back(services, did);
    throw isRefusal(thrown) ? thrown : new Refusal("UpstreamFailure", "The DID could not be registered", 502);
  }
}

/** Refuses 502 UpstreamFailure when the registry cannot be asked. */
async function isRegistered(services: LifecycleServices, did: Did): Promise<boolean> {
  try {
    await services.plc.lastOperation(did);
    return true;
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.error === "DidNotFound") return false;
    throw thrown;
  }
}

async function forward(services: LifecycleServices, did: Did, handle: Handle): Promise<Account> {
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

/** Carries a creation that a crash cut short to its end, one way or the other. Running it twice does it once. */
export async function resumeCreation(services: LifecycleServices, did: Did, step: string): Promise<void> {
  const row = await services.directory.stage(did);
  // A brought account that is listed is made; only the end of its saga was lost.
  if (step === "building" && row?.state === "deactivated") return services.account(did).setSaga(null);
  if (step === "building" || row === null) return back(services, did);
  if (step === "registering" && !(await isRegistered(services, did))) return back(services, did);
  await forward(services, did, row.handle);
}
