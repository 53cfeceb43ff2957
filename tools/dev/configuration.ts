/** The configuration of a local run: `wrangler.toml`, overridden by local defaults, then by the shell. */
import path from "node:path";
import type { Secrets, Vars } from "../../src/protocol/stations.ts";
import { LaunchError } from "./ports.ts";
import { ROOT, readWranglerFile } from "./wrangler-file.ts";

export const DEFAULT_PORT = 2583;

/** Settings for the Worker in a local run: its vars, and secrets that replace the generated ones. */
export type WorkerVars = Partial<Vars & Secrets>;

/**
 * Keeps a local run on this machine: its own directory, its own handles, no relay. Blobs have the reference
 * PDS's default limit, so that an app's tests meet the same refusals.
 */
const LOCAL_VARS: WorkerVars = {
  LOCAL: "1",
  PLC_URL: "",
  HANDLE_DOMAINS: ".test",
  RELAYS: "",
  BLOB_LIMIT: "5242880",
};

/**
 * Variables read from the shell by their own names. Excludes MAIL, which shells set to the user's mail spool.
 */
const FROM_SHELL = [
  "REGISTRATION",
  "RATE_LIMITS",
  "PLC_URL",
  "HANDLE_DOMAINS",
  "PUBLIC_URL",
  "APPVIEW",
  "RELAYS",
  "BLOB_LIMIT",
  "HOST_NAME",
  "HOST_COLOR",
  "ADMIN_PASSWORD",
] as const;

const CHOICES: Partial<Record<string, readonly string[]>> = {
  REGISTRATION: ["invite", "open", "closed"],
  RATE_LIMITS: ["on", "off"],
};

/** The vars of `wrangler.toml`, overridden by the local ones. */
export function localVars(): WorkerVars {
  return { ...readWranglerFile().vars, ...LOCAL_VARS };
}

export interface ShellConfiguration {
  port: number;
  dataDir: string;
  vars: WorkerVars;
}

/** Refuses invalid values with a `LaunchError`. */
export function readShell(environment: NodeJS.ProcessEnv = process.env): ShellConfiguration {
  const vars: Record<string, string> = {};
  for (const name of FROM_SHELL) {
    const value = environment[name];
    if (value === undefined) continue;
    const choices = CHOICES[name];
    if (choices !== undefined && !choices.includes(value)) {
      throw new LaunchError(`${name}=${value} is none of ${choices.join(", ")}.`);
    }
    vars[name] = value;
  }
  return {
    port: portOf(environment.PORT),
    dataDir: path.resolve(ROOT, environment.DATA_DIR || ".atoll"),
    vars,
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
