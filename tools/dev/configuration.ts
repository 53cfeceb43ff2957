/** What a local run is configured with: `wrangler.toml`, then what local runs need, then the shell. */
import path from "node:path";
import type { Secrets, Vars } from "../../src/protocol/stations.ts";
import { LaunchError } from "./ports.ts";
import { ROOT, readWranglerFile } from "./wrangler-file.ts";

export const DEFAULT_PORT = 2583;

/** What a local run may set for the Worker: its vars, and secrets that win over the ones it would make. */
export type WorkerVars = Partial<Vars & Secrets>;

/**
 * In a local run nothing leaves the machine: own directory, own handles, no relay. Blobs are bounded as the reference
 * PDS bounds them by default, so that an app's tests meet the same refusals.
 */
const LOCAL_VARS: WorkerVars = {
  LOCAL: "1",
  PLC_URL: "",
  HANDLE_DOMAINS: ".test",
  RELAYS: "",
  BLOB_LIMIT: "5242880",
};

/** Taken from the shell by their own names. Not MAIL: shells set it to the user's mail spool. */
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

/** `wrangler.toml`'s vars with the local ones over them. */
export function localVars(): WorkerVars {
  return { ...readWranglerFile().vars, ...LOCAL_VARS };
}

export interface ShellConfiguration {
  port: number;
  dataDir: string;
  vars: WorkerVars;
}

/** Refuses, with a `LaunchError`, a value that cannot be meant. */
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
