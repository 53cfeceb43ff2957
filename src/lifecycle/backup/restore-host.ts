/** Gives the host itself back its keys and its settings. */
import { keepSettings } from "../../../schema/kept-settings.ts";
import type { Directory } from "../../identity/directory.ts";
import { replaceSecret } from "../../identity/secrets.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import { SETTINGS, SETTING_NAMES, type SettingName, fitSetting } from "../../protocol/settings/list.ts";
import { fixedSettings } from "../../protocol/settings/configured.ts";
import { Unfit } from "../../protocol/settings/unfit.ts";
import type { Bindings } from "../../protocol/stations.ts";
import type { FileBindings } from "../files/store.ts";
import { storeLogo } from "../host/logo.ts";
import type { Manifest } from "./format.ts";

/**
 * Keys by which others know the host. Those of sessions and of the admin are the new host's own, so that what was
 * signed for the old one opens nothing.
 */
export const RESTORED_SECRETS = ["PLC_ROTATION_KEY", "LABELER_KEY"] as const;

/**
 * Gives the host the keys of the one before. Refuses InvalidRequest when it has another rotation key that members
 * count on, or one that its environment sets.
 */
export async function restoreSecrets(
  env: Bindings,
  directory: Directory,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  for (const name of RESTORED_SECRETS) {
    const value = secrets[name];
    if (value === undefined || value === (await directory.secret(name))) continue;
    if (name === "PLC_ROTATION_KEY") await checkRotationKey(env);
    await replaceSecret(env, name, value);
  }
}

async function checkRotationKey({ DIRECTORY, PLC_ROTATION_KEY }: Bindings): Promise<void> {
  if (PLC_ROTATION_KEY !== "") {
    throw invalidRequest(
      "The environment sets another PLC_ROTATION_KEY. Take it away, or set that of the backup",
    );
  }
  const member = await DIRECTORY.prepare(
    "SELECT handle FROM account WHERE state IN ('active', 'deactivated') AND did LIKE 'did:plc:%' LIMIT 1",
  ).first<string>("handle");
  if (member === null) return;
  throw invalidRequest(
    `This host has its own rotation key, which ${member}'s identity counts on. Restore onto a host without members`,
  );
}

/** Settings that say where a host is. */
const OF_THE_PLACE: readonly SettingName[] = ["PUBLIC_URL", "FORMER_URLS", "HANDLE_DOMAINS"];

/**
 * Keeps the settings of the host before, except where the environment sets them, and those that cannot work here.
 * The address before becomes a former one; handles keep their domains. Returns the names of settings left out.
 */
export async function restoreSettings(
  env: Bindings,
  origin: string,
  settings: Readonly<Record<string, unknown>>,
  before: Manifest["host"],
): Promise<SettingName[]> {
  const fixed = fixedSettings(env);
  const changes: Partial<Record<SettingName, string>> = {};
  const left: SettingName[] = [];
  for (const name of SETTING_NAMES) {
    const text = settings[name];
    const { kept }: { kept?: true } = SETTINGS[name];
    if (kept !== true || typeof text !== "string" || OF_THE_PLACE.includes(name)) continue;
    const fit = fixed.includes(name) ? null : fitOrNull(name, text, env.LOCAL === "1");
    if (fit === null) left.push(name);
    else changes[name] = fit;
  }
  const former = new Set([before.origin, ...before.formerOrigins, ...env.FORMER_URLS.split(",")]);
  former.delete(origin);
  former.delete("");
  if (!fixed.includes("FORMER_URLS")) changes.FORMER_URLS = [...former].join(",");
  else if (former.size > 0) left.push("FORMER_URLS");
  if (!fixed.includes("HANDLE_DOMAINS")) changes.HANDLE_DOMAINS = before.handleDomains.join(",");
  await keepSettings(env, changes);
  return left;
}

/** Keeps the community's picture, whose name the settings have. Refuses InvalidRequest for anything else. */
export async function restoreLogo(env: FileBindings, base64: string): Promise<void> {
  try {
    await storeLogo(env, base64);
  } catch (thrown) {
    if (thrown instanceof Unfit) throw invalidRequest(`The logo ${thrown.message}`);
    throw thrown;
  }
}

function fitOrNull(name: SettingName, text: string, isLocal: boolean): string | null {
  try {
    return text === "" ? "" : fitSetting(name, text, isLocal);
  } catch (thrown) {
    if (thrown instanceof Unfit) return null;
    throw thrown;
  }
}
