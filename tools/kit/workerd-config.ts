/** workerd's configuration for a host, as text. Per-run values come from arguments and the environment. */
import type { Compatibility } from "../dev/wrangler-file.ts";

/** Subfolder with the Worker for a project's own Miniflare. */
export const AUXILIARY = "auxiliary";

export const CONFIG = "config.capnp";
/** File with the names of all vars, and their values in a local run. */
export const DEFAULTS = "defaults.json";
/** Prefix of a var's name in the runtime's environment. */
export const VAR_PREFIX = "ATOLL_KIT_VAR_";
/** The kit's own vars: the secret of its entrypoint, and the clock's offset. */
export const OWN_VARS = ["KIT_SECRET", "KIT_CLOCK"];

export interface ConfigInput {
  /** File names of the Worker's modules, the main one first. */
  modules: string[];
  compatibility: Compatibility;
  vars: string[];
}

const OBJECTS = [
  ["ACCOUNT", "AccountObject"],
  ["SEQUENCER", "SequencerObject"],
  ["LABELS", "LabelsObject"],
  ["OUTSIDE_OBJECT", "OutsideObject"],
  ["DATABASE_OBJECT", "DatabaseObject"],
  ["BUCKET_OBJECT", "BucketObject"],
];

/**
 * The arguments of workerd fill in `storage`, a folder; `outbound`, the address for the Worker's fetches; and
 * `host` and `control`, two sockets.
 */
export function workerdConfig({ modules, compatibility, vars }: ConfigInput): string {
  const { compatibilityDate, compatibilityFlags } = compatibility;
  const bindings = [
    ...[...vars, ...OWN_VARS].map((name) => `(name = "${name}", fromEnvironment = "${VAR_PREFIX}${name}")`),
    ...OBJECTS.map(([name, className]) => `(name = "${name}", durableObjectNamespace = "${className}")`),
    `(name = "OUTSIDE", service = (name = "atoll", entrypoint = "Control"))`,
    d1("DIRECTORY", "directory"),
    d1("APPVIEW_DB", "appview"),
    `(name = "BLOBS", r2Bucket = ${storage("Bucket", "blobs")})`,
    `(name = "MINIFLARE_BLOBS", service = "storage")`,
  ];
  const classes = OBJECTS.map(
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
  compatibilityFlags = ${JSON.stringify([...compatibilityFlags, "unsafe_module"])},
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
