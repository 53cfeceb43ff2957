/** Lists and revokes an account's credentials besides its password, and ends its sessions. */
import type { Did } from "@atcute/lexicons";
import { type PasskeyView, listPasskeys, removePasskeys } from "../oauth/stores/passkeys.ts";
import type { AppPassword } from "../protocol/account-station.ts";
import type { LifecycleServices } from "./services.ts";
import { settleStanding } from "./standing.ts";

/** These outlive a change of password: they are no copies of it. */
export interface Credentials {
  passkeys: PasskeyView[];
  appPasswords: AppPassword[];
}

export async function listCredentials(services: LifecycleServices, did: Did): Promise<Credentials> {
  const [passkeys, appPasswords] = await Promise.all([
    listPasskeys(services.env.DIRECTORY, did),
    services.account(did).listAppPasswords(),
  ]);
  return { passkeys, appPasswords };
}

/** Removes every passkey and app password, and ends the sessions that app passwords opened. Idempotent. */
export async function revokeCredentials(services: LifecycleServices, did: Did): Promise<void> {
  const account = services.account(did);
  for (const { name } of await account.listAppPasswords()) await account.revokeAppPassword(name);
  await removePasskeys(services.env.DIRECTORY, did);
}

/**
 * Ends every session: those opened by a password, those of connected apps with what they were allowed, and
 * all browsers but one. Idempotent.
 */
export async function signOutEverywhere(
  services: LifecycleServices,
  did: Did,
  exceptBrowser: string | null,
): Promise<void> {
  const act = await services.directory.unsettled.note({ did, kind: "sign-out", subject: exceptBrowser });
  await settleStanding(services, act);
}
