/**
 * `npm run bench:kit` compares a test network of this kit with the official one, TestNetworkNoAppView of
 * `@atproto/dev-env`, in turn, each in its own process. Both are used as a test would use them. `dev-env.ts`
 * installs the official one.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ROOT } from "../../dev/wrangler-file.ts";
import {
  DEV_ENV,
  DEV_ENV_BINARY,
  DEV_ENV_MODULE,
  buildSqlite,
  installDevEnv,
  must,
  run,
} from "../dev-env.ts";
import { describeMachine } from "../machine.ts";

const KIT = path.join(ROOT, "tools/kit");
const SCRIPT = path.join(import.meta.dirname, "contestant.mjs");

/** The output of `contestant.mjs`, in milliseconds and 10^6 bytes. */
interface Measured {
  import: number;
  ready: number;
  accounts: number;
  reset: number;
  close: number;
  megabytesReady: number;
  megabytesAccounts: number;
  megabytesAgents: number;
}

/** The rows of the report, with their targets. */
const ROWS: [key: keyof Measured | "install", title: string, unit: string, target: number | null][] = [
  ["install", "install into an empty project", "s", 60],
  ["import", "import", "ms", null],
  ["ready", "ready, from nothing to the first answer", "ms", 1500],
  ["accounts", "32 accounts", "ms", 1500],
  ["reset", "reset (dev-env: close and create)", "ms", 200],
  ["close", "close", "ms", null],
  ["megabytesReady", "memory of all processes, ready", "MB", 250],
  ["megabytesAccounts", "… with 32 accounts", "MB", null],
  ["megabytesAgents", "… with @atproto/api in use", "MB", null],
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    "no-dev-env": { type: "boolean" },
    install: { type: "boolean" },
    save: { type: "boolean" },
    help: { type: "boolean" },
  },
});

const USAGE = `npm run bench:kit -- [options]
  --rounds n      of each contestant, in turn; medians are shown (default 5)
  --no-dev-env    this kit alone
  --install       also times installing each into an empty project (dev-env: some minutes)
  --save          also writes docs/bench/kit.json and kit.md`;

type Figures = Partial<Record<keyof Measured | "install", number[]>>;

if (values.help === true) console.log(USAGE);
else await bench();

async function bench(): Promise<void> {
  const figures: Record<string, Figures> = {
    atoll: {},
    ...(values["no-dev-env"] === true ? {} : { "dev-env": {} }),
  };
  must(run("npm", ["run", "--silent", "build", "-w", "atoll-host"], ROOT), "npm run build");
  if (figures["dev-env"] !== undefined) installDevEnv("--no-dev-env does without");
  for (const name of Object.keys(figures))
    if (values.install === true) add(figures, name, { install: timeInstall(name) });
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const name of Object.keys(figures)) {
      add(figures, name, await measure(name));
      console.error(`round ${round + 1}: ${name}`);
    }
  }
  report(figures);
}

function add(
  figures: Record<string, Figures>,
  name: string,
  measured: Partial<Measured> & { install?: number },
): void {
  const all = (figures[name] ??= {});
  for (const [key] of ROWS) {
    const value = measured[key];
    if (value !== undefined) (all[key] ??= []).push(value);
  }
}

function measure(name: string): Promise<Measured> {
  const atoll = name === "atoll";
  const module = atoll ? pathToFileURL(path.join(KIT, "dist/testing.js")).href : DEV_ENV_MODULE;
  const node = atoll ? process.execPath : DEV_ENV_BINARY;
  const child = spawn(node, [SCRIPT, name, module], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => {
      const [, result] = /^RESULT (.*)$/m.exec(said) ?? [];
      if (result === undefined) reject(new Error(`${name} did not run:\n${said}`));
      else resolve(JSON.parse(result) as Measured);
    });
  });
}

/**
 * Seconds to install a contestant with npm's current cache. For dev-env, this includes the build of its
 * SQLite.
 */
function timeInstall(name: string): number {
  const project = mkdtempSync(path.join(tmpdir(), "atoll-install-"));
  try {
    writeFileSync(path.join(project, "package.json"), '{ "name": "newcomer", "private": true }\n');
    const options = ["--no-audit", "--no-fund", "--loglevel", "error"];
    if (name !== "atoll") {
      const begun = performance.now();
      must(
        run("npm", ["install", "--ignore-scripts", ...options, `@atproto/dev-env@${DEV_ENV}`], project),
        "npm install",
      );
      buildSqlite(project);
      return (performance.now() - begun) / 1000;
    }
    must(run("npm", ["pack", "--ignore-scripts", "--pack-destination", project], KIT), "npm pack");
    const begun = performance.now();
    must(
      run("npm", ["install", ...options, path.join(project, "atoll-host-0.1.0.tgz")], project),
      "npm install",
    );
    return (performance.now() - begun) / 1000;
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

function median(of: number[]): number {
  const sorted = of.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function report(figures: Record<string, Figures>): void {
  const names = Object.keys(figures);
  const shown = (value: number[] | undefined, unit: string) =>
    value === undefined ? "–" : `${median(value).toFixed(unit === "s" ? 1 : 0)} ${unit}`;
  const rows = ROWS.filter(([key]) => names.some((name) => figures[name]?.[key] !== undefined)).map(
    ([key, title, unit, target]) => [
      title,
      target === null ? "" : `≤ ${target} ${unit}`,
      ...names.map((name) => shown(figures[name]?.[key], unit)),
    ],
  );
  const head = ["", "target", ...names];
  const markdown = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
  console.log(markdown);
  if (values.save !== true) return;
  const docs = path.join(ROOT, "docs/bench");
  mkdirSync(docs, { recursive: true });
  const machine = describeMachine();
  writeFileSync(
    path.join(docs, "kit.json"),
    `${JSON.stringify({ machine, devEnv: DEV_ENV, figures }, null, 2)}\n`,
  );
  const text = [
    "# The test kit",
    "",
    `Medians of ${values.rounds} rounds in turn with \`@atproto/dev-env\` ${DEV_ENV} (TestNetworkNoAppView: a PDS and a PLC`,
    "directory, no AppView), each network in a new process. `npm run bench:kit -- --install --save`",
    "",
    `Machine: ${typeof machine === "string" ? machine : Object.values(machine).join(", ")}`,
    "",
    markdown,
  ];
  writeFileSync(path.join(docs, "kit.md"), `${text.join("\n")}\n`);
  must(run("npx", ["oxfmt", "docs/bench/kit.json", "docs/bench/kit.md"], ROOT), "oxfmt");
}
