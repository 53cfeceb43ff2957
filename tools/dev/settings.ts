/** Settings as launchers take them: refused in words before anything starts. */
import { type GivenSettings, type Settings, readSettings } from "../../src/protocol/settings/list.ts";
import { LaunchError } from "./ports.ts";

/** `readSettings`, refusing faults with a `LaunchError`. */
export function fitSettings(given: GivenSettings): Settings {
  const { settings, faults } = readSettings(given);
  if (faults.length > 0) throw new LaunchError(faults.join("\n"));
  return settings;
}
