/**
 * `atoll/worker`: a host as an auxiliary Worker of a project's own Miniflare, or of its vitest with
 * @cloudflare/vitest-plugin. How it is used: docs/testing.md.
 */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { LaunchError } from "../dev/ports.ts";
import { AUXILIARY, findRuntime } from "./runtime.ts";
import type { HostVars } from "./vars.ts";

export interface AtollWorkerOptions {
  /** Of the Worker, for service bindings. Default: `atoll`. */
  name?: string;
  /** Where members' DID documents say that the host is. Default: `http://atoll.localhost`. */
  url?: string;
  vars?: HostVars;
}

/**
 * As `workers` of the vitest plugin's `miniflare` option, and of `new Miniflare(convertV4MiniflareOptions(…))`, take it:
 * an alias, since no interface fits their index signature.
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

/** Throws a `LaunchError` where the package's built Worker is missing. */
export async function atollWorker(options: AtollWorkerOptions = {}): Promise<AtollWorker> {
  const { name = "atoll", url = "http://atoll.localhost" } = options;
  const { folder, vars, compatibility } = await findRuntime();
  if (URL.parse(url) === null) throw new LaunchError(`url: ${JSON.stringify(url)} is no URL`);
  const object = (className: string) => ({ className, useSQLite: true });
  return {
    name,
    modules: modulesOf(path.join(folder, AUXILIARY)),
    ...compatibility,
    bindings: {
      ...vars,
      REGISTRATION: "open",
      RATE_LIMITS: "off",
      ADMIN_PASSWORD: "admin",
      PUBLIC_URL: new URL(url).origin,
      ...options.vars,
    },
    d1Databases: { DIRECTORY: `${name}-directory`, APPVIEW_DB: `${name}-appview` },
    r2Buckets: { BLOBS: `${name}-blobs` },
    durableObjects: {
      ACCOUNT: object("AccountObject"),
      SEQUENCER: object("SequencerObject"),
      LABELS: object("LabelsObject"),
      OUTSIDE_OBJECT: object("OutsideObject"),
    },
    serviceBindings: { OUTSIDE: { name, entrypoint: "Outside" } },
  };
}

/** The main one first, as Miniflare wants it. */
function modulesOf(folder: string): AtollWorker["modules"] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  const sorted = ["worker.mjs", ...names.filter((name) => name !== "worker.mjs")];
  return sorted.map((name) => ({
    type: "ESModule",
    path: name,
    contents: readFileSync(path.join(folder, name), "utf8"),
  }));
}
