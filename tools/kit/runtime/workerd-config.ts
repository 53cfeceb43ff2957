/** workerd's configuration for a host, as text. Per-run values come from arguments and the environment. */
import { SETTING_NAMES, type Settings } from "../../../src/protocol/settings/list.ts";
import { LOCAL_FLAGS } from "../../dev/local-flags.ts";
import type { Compatibility, Stores } from "../../dev/wrangler-file.ts";

/** Subfolder with the Worker for a project's own Miniflare. */
export const AUXILIARY = "auxiliary";

export const CONFIG = "config.capnp";
/** File with the settings of a local run, and the Worker's stores. */
export const DEFAULTS = "defaults.json";
/** Prefix of a var's name in the runtime's environment. */
export const VAR_PREFIX = "ATOLL_KIT_VAR_";
/** The kit's own vars: the secret of its entrypoint, the clock's offset, and the plan whose limits hold. */
export const OWN_VARS = ["KIT_SECRET", "KIT_CLOCK", "KIT_PLATFORM"];

/** The files that a network runs from. */
export interface Runtime {
  folder: string;
  /** The settings of a local run. */
  vars: Settings;
  compatibility: Compatibility;
  stores: Stores;
}

export interface ConfigInput {
  /** File names of the Worker's modules, the main one first. */
  modules: string[];
  compatibility: Compatibility;
  stores: Stores;
}

/** The kit's own objects: the outside world, the databases and the bucket. */
const KIT_OBJECTS = [
  ["OUTSIDE_OBJECT", "OutsideObject"],
  ["DATABASE_OBJECT", "DatabaseObject"],
  ["BUCKET_OBJECT", "BucketObject"],
];

/**
 * The arguments of workerd fill in `storage`, a folder; `outbound`, the address for the Worker's fetches; and
 * `host` and `control`, two sockets.
 */
export function workerdConfig({ modules, compatibility, stores }: ConfigInput): string {
  const { compatibilityDate, compatibilityFlags } = compatibility;
  const own = Object.entries(stores.durableObjects).map(([name, { className }]) => [name, className]);
  const objects = [...own, ...KIT_OBJECTS];
  const bindings = [
    ...[...SETTING_NAMES, ...OWN_VARS].map(
      (name) => `(name = "${name}", fromEnvironment = "${VAR_PREFIX}${name}")`,
    ),
    ...objects.map(([name, className]) => `(name = "${name}", durableObjectNamespace = "${className}")`),
    `(name = "OUTSIDE", service = (name = "atoll", entrypoint = "Control"))`,
    ...Object.entries(stores.d1Databases).map(([name, database]) => d1(name, database)),
    ...Object.entries(stores.r2Buckets).map(
      ([name, bucket]) => `(name = "${name}", r2Bucket = ${storage("Bucket", bucket)})`,
    ),
    `(name = "MINIFLARE_BLOBS", service = "storage")`,
  ];
  const classes = objects.map(
    ([, className]) => `(className = "${className}", uniqueKey = "${className}", enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "atoll", worker = .atollWorker),
    (name = "storage", disk = (writable = true)),
    (name = "outbound", external = (http = (style = proxy))),
  ],
  sockets = [
    (name = "host", http = (), service = "atoll"),
    (name = "control", http = (), service = (name = "atoll", entrypoint = "Control")),
  ],
  structuredLogging = true,
  # A small nursery: 15 MB less, at the same speed.
  v8Flags = ["--max-semi-space-size=2"],
);

const atollWorker :Workerd.Worker = (
  modules = [
${list(modules.map((name) => `(name = "${name}", esModule = embed "${name}")`))}
  ],
  compatibilityDate = "${compatibilityDate}",
  compatibilityFlags = ${JSON.stringify([...compatibilityFlags, ...LOCAL_FLAGS, "unsafe_module"])},
  durableObjectNamespaces = [
${list(classes)}
  ],
  durableObjectStorage = (localDisk = "storage"),
  globalOutbound = "outbound",
  bindings = [
${list(bindings)}
  ],
);
`;
}

const list = (items: string[]) => items.map((item) => `    ${item},`).join("\n");

/** The Worker's entrypoint for one database or bucket. */
function storage(entrypoint: string, name: string): string {
  const props = JSON.stringify(JSON.stringify({ name }));
  return `(name = "atoll", entrypoint = "${entrypoint}", props = (json = ${props}))`;
}

function d1(name: string, database: string): string {
  const fetcher = `(name = "fetcher", service = ${storage("Database", database)})`;
  return `(name = "${name}", wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [${fetcher}]))`;
}
