/**
 * `atoll-host/worker`: a host as an auxiliary Worker in a project's own Miniflare, or in its vitest with
 * @cloudflare/vitest-plugin. For usage, see docs/testing.md.
 */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { LaunchError } from "../dev/ports.ts";
import { fitSettings } from "../dev/settings.ts";
import { checkVars } from "./options.ts";
import { findRuntime } from "./runtime/runtime.ts";
import type { HostVars } from "./vars.ts";
import { AUXILIARY } from "./runtime/workerd-config.ts";

export interface AtollWorkerOptions {
  /** Name of the Worker, for service bindings. Default: `atoll`. */
  name?: string;
  /** The host's URL in its members' DID documents. Default: `http://atoll.localhost`. */
  url?: string;
  vars?: HostVars;
}

/**
 * An entry of `workers` in the vitest plugin's `miniflare` option, or in `new
 * Miniflare(convertV4MiniflareOptions(…))`. A type alias, because an interface does not fit their index
 * signature.
 */
export type AtollWorker = {
  name: string;
  modules: { type: "ESModule"; path: string; contents: string }[];
  compatibilityDate: string;
  compatibilityFlags: string[];
  bindings: Record<string, string>;
  d1Databases: Record<string, string>;
  r2Buckets: Record<string, string>;
  durableObjects: Record<string, { className: string; useSQLite: boolean }>;
  serviceBindings: Record<string, { name: string; entrypoint: string }>;
};

/** Throws a `LaunchError` if the package's built Worker is missing or `url` is no URL. */
export async function atollWorker(options: AtollWorkerOptions = {}): Promise<AtollWorker> {
  const { name = "atoll", url = "http://atoll.localhost" } = options;
  const { folder, vars, compatibility, stores } = await findRuntime();
  if (URL.parse(url) === null) throw new LaunchError(`url: ${JSON.stringify(url)} is no URL`);
  checkVars(options.vars ?? {});
  const own = (names: Record<string, string>) =>
    Object.fromEntries(Object.entries(names).map(([binding, given]) => [binding, `${name}-${given}`]));
  return {
    name,
    modules: modulesOf(path.join(folder, AUXILIARY)),
    ...compatibility,
    bindings: fitSettings({
      ...vars,
      REGISTRATION: "open",
      RATE_LIMITS: "off",
      ADMIN_PASSWORD: "admin",
      PUBLIC_URL: new URL(url).origin,
      ...options.vars,
    }),
    d1Databases: own(stores.d1Databases),
    r2Buckets: own(stores.r2Buckets),
    durableObjects: {
      ...stores.durableObjects,
      OUTSIDE_OBJECT: { className: "OutsideObject", useSQLite: true },
    },
    serviceBindings: { OUTSIDE: { name, entrypoint: "Outside" } },
  };
}

/** Lists the main module first, as Miniflare requires. */
function modulesOf(folder: string): AtollWorker["modules"] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  const sorted = ["worker.mjs", ...names.filter((name) => name !== "worker.mjs")];
  return sorted.map((name) => ({
    type: "ESModule",
    path: name,
    contents: readFileSync(path.join(folder, name), "utf8"),
  }));
}
