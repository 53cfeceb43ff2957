/**
 * Installs `@atproto/dev-env`, the official test network, for comparison: once, from npm into a cache folder,
 * with the Node and the build that its SQLite needs (`reference.ts` says why).
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../dev/wrangler-file.ts";

export const DEV_ENV = "0.6.7";
export const DEV_ENV_NODE = "22.23.3";
const FOLDER = path.join(ROOT, ".atoll/bench/dev-env");
const NODE_PACKAGE = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
const NODE = path.join(FOLDER, "node_modules", NODE_PACKAGE);
/** Written last, so that an interrupted install starts over. */
const READY = path.join(FOLDER, `ready-${DEV_ENV}-${DEV_ENV_NODE}`);

/** The Node that runs it. */
export const DEV_ENV_BINARY = path.join(NODE, "bin/node");

/** URL of the module that a script imports. */
export const DEV_ENV_MODULE = pathToFileURL(
  path.join(FOLDER, "node_modules/@atproto/dev-env/dist/index.js"),
).href;

/**
 * Installs it once, which takes some minutes. `without`: how to run the benchmark without it, for the
 * message.
 */
export function installDevEnv(without: string): void {
  if (existsSync(READY)) return;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path.join(FOLDER, "package.json"), '{ "name": "atoll-bench-dev-env", "private": true }\n');
  console.error(`installing @atproto/dev-env ${DEV_ENV} (once, some minutes; ${without})`);
  const packages = [`@atproto/dev-env@${DEV_ENV}`, `${NODE_PACKAGE}@${DEV_ENV_NODE}`, "node-gyp@12"];
  const options = ["--ignore-scripts", "--save-exact", "--no-audit", "--no-fund"];
  must(run("npm", ["install", ...options, ...packages], FOLDER), "npm install");
  buildSqlite(FOLDER);
  writeFileSync(READY, "");
}

/**
 * Builds better-sqlite3, whose prebuilt binary is not on npm, for the Node from npm, which includes its own
 * headers.
 */
export function buildSqlite(folder: string): void {
  const gyp = path.join(FOLDER, "node_modules/node-gyp/bin/node-gyp.js");
  const addon = path.join(folder, "node_modules/better-sqlite3");
  must(run(DEV_ENV_BINARY, [gyp, "rebuild", "--release"], addon), "node-gyp");
}

/** Runs a command with its output in the install log. Returns its exit code. */
export function run(command: string, args: string[], cwd: string): number | null {
  mkdirSync(FOLDER, { recursive: true });
  const log = openSync(path.join(FOLDER, "install.log"), "a");
  const env = {
    ...process.env,
    PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
    // Overrides a `nodedir` in the user's npm settings, which npm passes to node-gyp in this variable and
    // which would win over an option.
    npm_config_nodedir: NODE,
  };
  return spawnSync(command, args, { cwd, env, stdio: ["ignore", log, log] }).status;
}

export function must(status: number | null, what: string): void {
  if (status !== 0) throw new Error(`${what} failed (${status}); see install.log in .atoll/bench/dev-env`);
}
