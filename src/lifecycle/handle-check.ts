/**
 * Handles that are domains of members' own. A domain may be sold or lost, so each is looked up again every
 * day. If it no longer names the account, the account's handle is `handle.invalid` until it does, and whoever
 * the domain names can take it.
 */
import type { Did, Handle } from "@atcute/lexicons";
import type { Change } from "../identity/changes.ts";
import { claimedHandle } from "../identity/did-document.ts";
import { HandleResolver } from "../identity/handle.ts";
import { hostOf } from "../identity/host.ts";
import { HostTasks } from "../identity/host-tasks.ts";
import { INVALID_HANDLE, type Member } from "../identity/member.ts";
import type { AccountStation } from "../protocol/account-station.ts";
import { logLine } from "../protocol/log-line.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { Bindings } from "../protocol/stations.ts";
import { type LifecycleServices, settlingServices } from "./services.ts";
import { settleStanding } from "./standing.ts";

const HOUR = 60 * 60 * 1000;
/** A little less than a day, so that the check stays at its hour. */
const EVERY_MS = 23 * HOUR;
/** How long a domain may not answer before its word no longer counts. */
const SILENT_MS = 3 * 24 * HOUR;
/** A little less than the five minutes of the Worker's schedule. */
const BETWEEN_MS = 4 * 60 * 1000;
/**
 * Handles that are looked up at one time, by plan: each takes two requests to the network and a query, of which
 * the free plan allows a run 50. In a day that is 1,400 or 14,400, more than a host on either plan has members.
 */
const AT_ONCE: Record<Bindings["PLAN"], number> = { free: 5, paid: 50 };
/** Lookups that run side by side: a domain that does not answer takes seconds. */
const ABREAST = 5;

/** For the Worker's schedule: may be called as often as one likes. Does nothing before the host has a name. */
export async function checkHandles(
  env: Bindings<AccountStation>,
  clock: () => number = Date.now,
): Promise<void> {
  if (
    env.PUBLIC_URL === "" ||
    !(await new HostTasks(env.DIRECTORY, clock).begin("check handles", BETWEEN_MS))
  )
    return;
  const { handleDomains } = hostOf(env.PUBLIC_URL, env);
  const settling = settlingServices(env, null, clock);
  const { directory, dids } = settling;
  const handles = new HandleResolver(env, directory, dids, handleDomains, clock);
  const services = { ...settling, handles };
  const members = await directory.uncheckedHandles(handleDomains, clock() - EVERY_MS, AT_ONCE[env.PLAN]);
  const queue = members.values();
  const checkNext = async () => {
    for (const member of queue) await tryHandle(services, member, clock());
  };
  await Promise.all(Array.from({ length: ABREAST }, checkNext));
}

/** One whose check fails is due again tomorrow, behind all others. */
async function tryHandle(services: LifecycleServices, member: Member, now: number): Promise<void> {
  const { did, handleConfirmedAt } = member;
  try {
    await checkHandle(services, member, now);
  } catch (error) {
    logLine("error", "handle-check", { did, error });
    await services.directory.markHandleChecked(did, handleConfirmedAt ?? now).catch(() => undefined);
  }
}

async function checkHandle(services: LifecycleServices, member: Member, now: number): Promise<void> {
  const { directory, handles } = services;
  const { did, handle, handleConfirmedAt } = member;
  if (handle === INVALID_HANDLE) return recover(services, did, now);
  const found = await handles.recheck(handle);
  if (found === did) return directory.markHandleChecked(did, now);
  const confirmed = handleConfirmedAt ?? now;
  if (found === "unreachable" && now - confirmed < SILENT_MS)
    return directory.markHandleChecked(did, confirmed);
  await loseHandle(services, did);
}

/** Frees an account's handle. */
export async function loseHandle(services: LifecycleServices, did: Did): Promise<void> {
  const { act, member } = await services.directory.changes.setHandle(did, INVALID_HANDLE);
  await settleStanding(services, act, member);
}

/** Gives an account the handle back that its document claims, if the domain names it again and nobody has it. */
async function recover(services: LifecycleServices, did: Did, now: number): Promise<void> {
  const { directory, dids, handles } = services;
  const document = await dids.find(did);
  const claimed: Handle | null = document === null ? null : claimedHandle(document);
  const isTheirs =
    claimed !== null &&
    handles.serviceDomain(claimed) === undefined &&
    (await handles.recheck(claimed)) === did;
  if (!isTheirs) return directory.markHandleChecked(did, now);
  let change: Change;
  try {
    change = await directory.changes.setHandle(did, claimed);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    return directory.markHandleChecked(did, now);
  }
  await settleStanding(services, change.act, change.member);
}

/**
 * Frees a handle that is a domain of somebody's own, once it is known to name another account than its holder
 * here.
 */
export async function freeHandle(services: LifecycleServices, handle: Handle, rightful: Did): Promise<void> {
  const holder = await services.directory.findByHandle(handle);
  if (holder === null || holder.did === rightful) return;
  if (services.handles.serviceDomain(handle) === undefined) await loseHandle(services, holder.did);
}
