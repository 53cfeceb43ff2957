/**
 * The reference PDS, for comparison: installed from npm into a cache folder, apart from this package's
 * dependencies.
 *
 * Versions that work together: the reference needs Node ≥ 22 and better-sqlite3 12. The prebuilt binary of
 * better-sqlite3 is not on npm and may be unavailable, so node-gyp compiles it with python3, make and g++.
 * Built against the headers of Node 24.21, it can abort in garbage collection. So it is built for, and run
 * by, the Node 22 that npm has as `node-<platform>-<arch>`, which includes its headers (`nodedir`: no
 * download). Install scripts stay off; nothing else in the reference is native.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePort } from "../dev/ports.ts";
import { ROOT } from "../dev/wrangler-file.ts";
import { Client } from "./client.ts";
import { startPlcStandIn } from "./plc-stand-in.ts";
import type { Target } from "./target.ts";

const VERSION = "0.5.35";
const NODE_VERSION = "22.23.3";
const FOLDER = path.join(ROOT, ".atoll/bench/reference");
const NODE_PACKAGE = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
const NODE = path.join(FOLDER, "node_modules", NODE_PACKAGE);
const BINARY = path.join(NODE, "bin/node");
/** Written last, so that an interrupted install starts over. */
const READY = path.join(FOLDER, `ready-${VERSION}-${NODE_VERSION}`);

function run(command: string, args: string[], cwd: string): Promise<void> {
  const log = openSync(path.join(FOLDER, "install.log"), "a");
  // Overrides a `nodedir` in the user's npm settings, which npm passes to node-gyp in this variable and which
  // would win over an option.
  const env = {
    ...process.env,
    PATH: `${path.dirname(BINARY)}:${process.env["PATH"] ?? ""}`,
    npm_config_nodedir: NODE,
  };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", log, log] });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`${path.basename(command)} failed (${code}); see install.log in .atoll/bench/reference`),
        );
    });
  });
}

/** Installs once, in about two minutes. Returns the Node that it was built for, and its folder. */
export async function installReference(
  say: (line: string) => void,
): Promise<{ binary: string; folder: string }> {
  if (!existsSync(READY)) await install(say);
  return { binary: BINARY, folder: FOLDER };
}

async function install(say: (line: string) => void): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path.join(FOLDER, "package.json"), '{ "name": "atoll-bench-reference", "private": true }\n');
  say(`installing the reference PDS ${VERSION} (once, about two minutes; --no-reference does without)`);
  const packages = [`@atproto/pds@${VERSION}`, `${NODE_PACKAGE}@${NODE_VERSION}`, "node-gyp@12"];
  await run(
    "npm",
    ["install", "--ignore-scripts", "--save-exact", "--no-audit", "--no-fund", ...packages],
    FOLDER,
  );
  const gyp = path.join(FOLDER, "node_modules/node-gyp/bin/node-gyp.js");
  const addon = path.join(FOLDER, "node_modules/better-sqlite3");
  await run(BINARY, [gyp, "rebuild", "--release"], addon);
  writeFileSync(READY, "");
}

/** Its configuration: open registration, no limits. */
export function environmentOf(port: number, dataDir: string, plc: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    NODE_ENV: "production",
    LOG_ENABLED: "false",
    PDS_DEV_MODE: "true",
    PDS_PORT: String(port),
    PDS_HOSTNAME: "localhost",
    PDS_DATA_DIRECTORY: dataDir,
    PDS_BLOBSTORE_DISK_LOCATION: path.join(dataDir, "blobs"),
    PDS_BLOBSTORE_DISK_TMP_LOCATION: path.join(dataDir, "blobs-temporary"),
    PDS_DID_PLC_URL: plc,
    PDS_SERVICE_HANDLE_DOMAINS: ".test",
    PDS_INVITE_REQUIRED: "false",
    PDS_RATE_LIMITS_ENABLED: "false",
    PDS_DISABLE_SSRF_PROTECTION: "true",
    PDS_MAX_REPO_IMPORT_SIZE: String(1 << 30),
    PDS_BLOB_UPLOAD_LIMIT: String(1 << 26),
    PDS_JWT_SECRET: randomBytes(16).toString("hex"),
    PDS_ADMIN_PASSWORD: randomBytes(16).toString("hex"),
    PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: randomBytes(32).toString("hex"),
  };
}

async function untilHealthy(client: Client, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const answer = await client.send("GET", "/xrpc/_health").catch(() => null);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("the reference PDS stopped as it started; see server.log in its data folder");
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

export async function startReference(dataDir: string, say: (line: string) => void): Promise<Target> {
  await installReference(say);
  mkdirSync(dataDir, { recursive: true });
  const log = openSync(path.join(dataDir, "server.log"), "a");
  const plc = await startPlcStandIn();
  const port = await freePort();
  const env = environmentOf(port, dataDir, plc.url);
  const script = path.join(import.meta.dirname, "reference-server.mjs");
  const client = new Client(`http://localhost:${port}`);
  const launch = async () => {
    const begun = performance.now();
    const child = spawn(BINARY, [script, FOLDER], { env, stdio: ["ignore", log, log] });
    await untilHealthy(client, child);
    return { child, ms: performance.now() - begun };
  };
  let running = await launch();
  return {
    name: "reference",
    version: `@atproto/pds ${VERSION}, Node ${NODE_VERSION}`,
    client,
    pid: () => running.child.pid ?? null,
    async restart() {
      await stop(running.child);
      running = await launch();
      return running.ms;
    },
    repoFile(did) {
      const shard = createHash("sha256").update(did).digest("hex").slice(0, 2);
      return path.join(dataDir, "actors", shard, did, "store.sqlite");
    },
    async stop() {
      await stop(running.child);
      client.close();
      plc.close();
    },
  };
}
