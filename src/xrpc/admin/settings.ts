/** The settings that the host's pages set, by owners. */
import { type TypedSettings, changeSettings } from "../../lifecycle/host/settings.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import { fixedSettings } from "../../protocol/settings/configured.ts";
import { SETTINGS, SETTING_NAMES, type SettingName } from "../../protocol/settings/list.ts";
import type { Setting } from "../../protocol/settings/setting.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";

/** Another address, and other domains of handles, are no change of a text: members' identities follow. */
const MOVES: readonly SettingName[] = ["PUBLIC_URL", "FORMER_URLS", "HANDLE_DOMAINS"];

interface ShownSetting {
  name: SettingName;
  /** Undefined for a secret. */
  value?: string;
  isSet: boolean;
  /** Whether the environment sets it, so that it cannot be changed. */
  isFixed: boolean;
}

const described = (name: SettingName): Setting => SETTINGS[name];

export function listSettings({ env }: Services): ShownSetting[] {
  const fixed = fixedSettings(env);
  return SETTING_NAMES.filter((name) => described(name).kept === true).map((name) => ({
    name,
    ...(described(name).secret === true ? {} : { value: env[name] }),
    isSet: env[name] !== "",
    isFixed: fixed.includes(name),
  }));
}

/**
 * Keeps all of these or none; an empty text means the default. Refuses InvalidRequest for a name that is none of
 * the settings', or that `changeSettings` refuses, and InvalidSetting.
 */
export async function updateSettings(
  { env }: Services,
  { actor }: ActingCaller,
  wanted: Record<string, unknown>,
): Promise<{ rebuilds: boolean }> {
  const typed: TypedSettings = {};
  for (const [given, text] of Object.entries(wanted)) {
    const name = SETTING_NAMES.find((each) => each === given);
    if (name === undefined) throw invalidRequest(`${given.slice(0, 100)} is no setting of this host`);
    if (MOVES.includes(name)) throw invalidRequest(`${name} is changed at /admin/address, or by a deploy`);
    if (typeof text !== "string") throw invalidRequest(`${name} has to be a text`);
    typed[name] = text;
  }
  return changeSettings(env, actor, typed);
}
