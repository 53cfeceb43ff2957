/** Changes settings by a form of the desk. */
import { type TypedSettings, UnfitSetting, changeSettings } from "../../lifecycle/host/settings.ts";
import type { Fields } from "../forms.ts";
import { wrong } from "../problems.ts";
import type { DeskVisit, Said } from "./desk.tsx";

export const SAVED = "Saved. It holds everywhere within a few seconds.";
const REBUILDS =
  "The index is being built anew from the members’ repos; the status page says how far it is. Until it is done, timelines and search lack what was posted while another AppView was in use.";

/**
 * Says what is unfit at the field of the setting's name, if the form has one, else above the page.
 * @param fields those of the form; empty ones if its fields shall not come back
 */
export async function change(
  { services, caller }: DeskVisit,
  typed: TypedSettings,
  fields: Fields,
  done = SAVED,
): Promise<Said> {
  try {
    const { rebuilds } = await changeSettings(services.env, caller.actor, typed);
    return { done: rebuilds ? `${done} ${REBUILDS}` : done, fields };
  } catch (thrown) {
    if (!(thrown instanceof UnfitSetting)) throw thrown;
    const { setting, message } = thrown;
    return { problem: wrong(`This ${message}.`, fields.has(setting) ? setting : undefined), fields };
  }
}
