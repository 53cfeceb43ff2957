/** Takes up what nobody finished: acts whose Worker died, and those that a station could not follow. */
import { filesOf } from "./files/store.ts";
import { deleteObjects } from "../account/blobs.ts";
import { isKept } from "../account/files/kept.ts";
import type { Act } from "../identity/unsettled.ts";
import type { AccountStation } from "../protocol/account-station.ts";
import { logLine } from "../protocol/log-line.ts";
import { must } from "../protocol/refusal.ts";
import type { AppViewStation, Bindings } from "../protocol/stations.ts";
import { settleLinks } from "./blocked-links.ts";
import { settleSignUp } from "./create.ts";
import { settleMove } from "./host/move.ts";
import { settleLabels } from "./labels.ts";
import { settlingServices, type SettlingServices } from "./services.ts";
import { settleStanding } from "./standing.ts";
import { settleDeletion } from "./states.ts";
import { settleSubject } from "./takedowns.ts";

/** Acts taken up in one pass. One that fails is due again after the others. */
const AT_ONCE = 20;
/** Passes in a minute, the shortest interval of a cron: an act is due after 30 s, and has ended within a minute. */
const PASSES = 4;
const BETWEEN_PASSES_MS = 15_000;

/** Makes the passes of a minute, for the Worker's schedule. Takes most of the minute, and hardly any of it works. */
export async function settleMinute(
  env: Bindings<AccountStation>,
  appview: AppViewStation | null,
): Promise<void> {
  for (let pass = 1; ; pass++) {
    await settleOnce(env, appview);
    if (pass === PASSES) return;
    await scheduler.wait(BETWEEN_PASSES_MS);
  }
}

/** Makes one pass, with the host's own AppView if it has one. */
export async function settleOnce(
  env: Bindings<AccountStation>,
  appview: AppViewStation | null,
): Promise<void> {
  const own = env.APPVIEW === "local" ? must(appview, "AppView") : null;
  await settleDue(settlingServices(env, own));
}

/** Makes one pass. Returns the number of acts that it settled. */
export async function settleDue(services: SettlingServices): Promise<number> {
  const acts = await services.directory.unsettled.takeUp(AT_ONCE);
  const outcomes = await Promise.all(acts.map((act) => attempt(services, act)));
  return outcomes.filter(Boolean).length;
}

async function attempt(services: SettlingServices, act: Act): Promise<boolean> {
  try {
    await settle(services, act);
    return true;
  } catch (error) {
    logLine("error", "lifecycle.settle", { did: act.did, act: act.kind, error });
    return false;
  }
}

async function settle(services: SettlingServices, act: Act): Promise<void> {
  const { unsettled } = services.directory;
  switch (act.kind) {
    case "create":
    case "bring":
      return settleSignUp(services, act);
    case "delete":
      await settleDeletion(services, act);
      return unsettled.end(act);
    case "depart":
      await clearBlobs(services, act);
      return unsettled.end(act);
    case "label":
      return settleLabels(services, act);
    case "links":
      return settleLinks(services, act);
    case "rehome":
      return settleMove(services, act);
    case "moderate":
      return act.subject === null ? unsettled.end(act) : settleSubject(services, act, act.subject);
    default:
      return settleStanding(services, act);
  }
}

/** Deletes uploads that ended after their account. Spares those of a later account of the DID, and of an archive. */
async function clearBlobs({ env, directory }: SettlingServices, { did, at }: Act): Promise<void> {
  const files = filesOf(env);
  if (await isKept(files, did)) return;
  const isBack = (await directory.stage(did)) !== null;
  await deleteObjects(files, did, ({ uploaded }) => !isBack || uploaded.getTime() <= at);
}
