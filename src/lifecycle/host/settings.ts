/** Changes of settings on the host's pages. */
import type { AccountStation } from "../../protocol/account-station.ts";
import { type SettingChanges, keepSettings } from "../../../schema/kept-settings.ts";
import { forgetOtherLogos, storeLogo } from "./logo.ts";
import { startRebuild } from "../../appview/index/rebuild.ts";
import { ModerationAudit } from "../../moderation/audit.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import { SETTINGS, type SettingName, fitSetting, mayBeEmpty } from "../../protocol/settings/list.ts";
import { fixedSettings } from "../../protocol/settings/configured.ts";
import { Unfit } from "../../protocol/settings/unfit.ts";
import type { Bindings } from "../../protocol/stations.ts";

/** A text that cannot be kept for its setting. The message is for people; it follows the setting's label. */
export class UnfitSetting extends Refusal {
  readonly setting: SettingName;

  constructor(setting: SettingName, message: string) {
    super("InvalidSetting", message);
    this.setting = setting;
  }
}

/** Texts as people typed them, by setting; an empty one means the default. */
export type TypedSettings = Partial<Record<SettingName, string>>;

/**
 * Keeps settings, all of them or none, with an entry in the audit log that names them without their values.
 * Every isolate has them after a few seconds; this one at once. Returns whether the index is built anew, which
 * knows nothing of what happened while another AppView was in use. Throws `UnfitSetting`; refuses InvalidRequest
 * for a setting that the environment sets, or that no page may set.
 * @param actor a DID, `admin` or `setup`
 */
export async function changeSettings(
  env: Bindings<AccountStation>,
  actor: string,
  typed: TypedSettings,
): Promise<{ rebuilds: boolean }> {
  const fixed = fixedSettings(env);
  const changes: SettingChanges = {};
  for (const [name, text] of entriesOf(typed)) {
    if (fixed.includes(name)) throw invalidRequest(`${name} is set in the host's environment`);
    changes[name] = await fitText(env, name, text);
  }
  const names = Object.keys(changes).toSorted();
  if (names.length === 0) return { rebuilds: false };
  // Begun before the change, which may never come: a rebuild rests until the host uses its index.
  const rebuilds = env.APPVIEW !== "local" && isOwnIndex(changes);
  if (rebuilds) await startRebuild(env.APPVIEW_DB, Date.now());
  const audit = new ModerationAudit(env.DIRECTORY);
  await audit.around({ actor, action: "changeSettings", detail: { settings: names } }, () =>
    keepSettings(env, changes),
  );
  if (changes.HOST_LOGO !== undefined) await forgetOtherLogos(env, changes.HOST_LOGO);
  return { rebuilds };
}

/** Whether a change leaves the host with its own AppView. */
const isOwnIndex = ({ APPVIEW }: SettingChanges): boolean =>
  APPVIEW !== undefined && (APPVIEW ?? SETTINGS.APPVIEW.fallback) === "local";

const entriesOf = (typed: TypedSettings): [SettingName, string][] =>
  Object.entries(typed) as [SettingName, string][];

/** Null: the default. */
async function fitText(
  env: Bindings<AccountStation>,
  name: SettingName,
  text: string,
): Promise<string | null> {
  if (text.trim() === "" && SETTINGS[name].kept) return mayBeEmpty(name) ? "" : null;
  try {
    if (name === "HOST_LOGO" && text.startsWith("data:")) return await storeLogo(env, text);
    return fitSetting(name, text, env.LOCAL === "1");
  } catch (thrown) {
    if (!(thrown instanceof Unfit)) throw thrown;
    throw new UnfitSetting(name, thrown.message);
  }
}
