/**
 * Checks the options of a network, a host or an account before anything starts, so that no typo passes
 * silently.
 */
import { LaunchError } from "../dev/ports.ts";
import { hint } from "../seed/nearest.ts";
import { fitSettings } from "../dev/settings.ts";
import { HOST_VARS, type HostVars } from "./vars.ts";

const LOWEST = 1024;

/** Ports from 1024 up that `fetch` refuses (WHATWG Fetch, "bad port"). */
const BAD_PORTS = [
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10080,
];

/** Checks that every field of `given` is one of `known`. Throws a `LaunchError`. */
export function checkFields(given: object, known: readonly string[], what: string): void {
  for (const field of Object.keys(given)) {
    if (known.includes(field)) continue;
    throw new LaunchError(
      `${what}: there is no ${JSON.stringify(field)}.${hint(field, known)} There are ${known.join(", ")}.`,
    );
  }
}

/** Checks a port and the one below it, which is used too. Throws a `LaunchError`. */
export function checkPort(port: number): void {
  const isPort = Number.isInteger(port) && port > LOWEST && port < 65_536;
  if (isPort && !BAD_PORTS.includes(port) && !BAD_PORTS.includes(port - 1)) return;
  const why = isPort ? "fetch refuses to ask it, or the one below" : `a number from ${LOWEST + 1} to 65535`;
  throw new LaunchError(
    `port ${JSON.stringify(port)}: ${why}. Leave \`port\` out, and the network finds free ones.`,
  );
}

/** Checks the names of hosts. Each is a part of its members' handles. Throws a `LaunchError`. */
export function checkHosts(names: readonly string[]): readonly string[] {
  if (!Array.isArray(names))
    throw new LaunchError(`hosts: a list of names is wanted, not ${JSON.stringify(names)}`);
  if (names.length === 0) throw new LaunchError("hosts: a network has at least one");
  for (const [i, name] of names.entries()) {
    if (!/^[a-z0-9-]{1,8}$/.test(name)) {
      throw new LaunchError(`hosts[${i}] ${JSON.stringify(name)}: 1 to 8 of a-z, 0-9 and dashes`);
    }
    if (names.indexOf(name) !== i) throw new LaunchError(`hosts: "${name}" is there twice`);
  }
  return names;
}

const PLAN_NAMES = ["free", "paid"] as const;

/** A plan of Cloudflare's. */
export type PlanName = (typeof PLAN_NAMES)[number];

/** Checks the option `platform`. Throws a `LaunchError`. */
export function checkPlatform(platform: PlanName | undefined): PlanName | null {
  if (platform === undefined) return null;
  if (PLAN_NAMES.includes(platform)) return platform;
  throw new LaunchError(
    `platform: ${JSON.stringify(platform)} is no plan. There are ${PLAN_NAMES.join(", ")}.`,
  );
}

/** Checks names and values of vars. Throws a `LaunchError`. */
export function checkVars(vars: HostVars): void {
  checkFields(vars, HOST_VARS, "vars");
  fitSettings({ LOCAL: "1", ...vars });
}

/** Converts a date to milliseconds since the Unix epoch. Throws a `LaunchError`. */
export function instantOf(now: Date | string | number): number {
  const at = new Date(now).getTime();
  if (Number.isNaN(at)) throw new LaunchError(`now: ${String(now)} is no date`);
  return at;
}
