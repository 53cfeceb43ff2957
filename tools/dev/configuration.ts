/** The configuration of a local run: `wrangler.toml`, then what the list of settings has for local runs, then the shell. */
import path from "node:path";
import {
  type GivenSettings,
  SETTINGS,
  SETTING_NAMES,
  type Settings,
  isFixed,
  isSettingName,
} from "../../src/protocol/settings/list.ts";
import { LaunchError } from "./ports.ts";
import { fitSettings } from "./settings.ts";
import { ROOT, readWranglerFile } from "./wrangler-file.ts";

export const DEFAULT_PORT = 2583;

/** Settings that differ from a local run's defaults, by name. */
export type WorkerVars = Partial<Settings>;

/** The settings of a local run, in their normal form. Refuses unknown and unfit ones with a `LaunchError`. */
export function localVars(given: GivenSettings = {}): Settings {
  const vars = Object.entries(readWranglerFile().vars).filter(([name]) => !isLocalMatter(name));
  return fitSettings({ ...Object.fromEntries(vars), LOCAL: "1", ...given });
}

/**
 * The settings that a local run sets, without defaults: what it leaves out, the host's pages may set. Refuses as
 * `localVars` does.
 */
export function chosenVars(given: GivenSettings = {}): WorkerVars {
  const settings = localVars(given);
  const chosen = SETTING_NAMES.filter(
    (name) => name === "LOCAL" || isFixed(given, name) || isFixed(readWranglerFile().vars, name),
  );
  return Object.fromEntries(chosen.map((name) => [name, settings[name]]));
}

/** Whether a local run has a default of its own, which keeps it on this machine whatever is deployed. */
const isLocalMatter = (name: string): boolean =>
  name === "LOCAL" || (isSettingName(name) && SETTINGS[name].local !== undefined);

export interface ShellConfiguration {
  port: number;
  dataDir: string;
  /** The settings that the shell has. */
  vars: WorkerVars;
}

/** Refuses invalid values with a `LaunchError`. */
export function readShell(environment: NodeJS.ProcessEnv = process.env): ShellConfiguration {
  const given = SETTING_NAMES.filter(
    (name) => environment[name] !== undefined && SETTINGS[name].notFromShell !== true,
  );
  const settings = localVars(Object.fromEntries(given.map((name) => [name, environment[name]])));
  return {
    port: portOf(environment.PORT),
    dataDir: path.resolve(ROOT, environment.DATA_DIR || ".atoll"),
    vars: Object.fromEntries(given.map((name) => [name, settings[name]])),
  };
}

function portOf(given: string | undefined): number {
  if (given === undefined || given === "") return DEFAULT_PORT;
  const port = Number(given);
  if (!Number.isInteger(port) || port < 2 || port > 65_535) {
    throw new LaunchError(`PORT=${given} is not a port: choose a number from 2 to 65535.`);
  }
  return port;
}
