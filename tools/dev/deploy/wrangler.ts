/** Runs this project's wrangler, and puts its commoner failures in words. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { bundleOptions } from "../bundle.ts";
import { LaunchError } from "../ports.ts";
import { ROOT } from "../wrangler-file.ts";
import type { Credentials } from "./cloudflare.ts";
import { explain } from "./failures.ts";
import { assertNotStopped, waitingFor } from "./interrupts.ts";

interface Finished {
  code: number;
  output: string;
}

interface Running {
  environment?: NodeJS.ProcessEnv;
  /**
   * `hidden`: its output is only returned. `shown`: it is shown as well. `open`: wrangler has the terminal to
   * itself, for its questions.
   */
  screen: "hidden" | "shown" | "open";
}

/** Throws a `LaunchError` if somebody stopped it. */
async function wrangler(args: readonly string[], running: Running): Promise<Finished> {
  const finished = await waitingFor(run(args, running));
  assertNotStopped();
  return finished;
}

function run(args: readonly string[], { environment = {}, screen }: Running): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const command = path.join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const child = spawn(process.execPath, [command, ...args], {
      cwd: ROOT,
      stdio: screen === "open" ? "inherit" : ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        WRANGLER_HIDE_BANNER: "true",
        WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
        ...environment,
      },
    });
    let output = "";
    const take = (stream: NodeJS.WriteStream) => (text: Buffer) => {
      output += text.toString();
      if (screen === "shown") stream.write(text);
    };
    child.stdout?.on("data", take(process.stdout));
    child.stderr?.on("data", take(process.stderr));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Builds, so that a fault stops the deploy before anything is touched. Throws a `LaunchError`. */
export async function assertBuilds(): Promise<void> {
  try {
    await build({ ...bundleOptions("src/worker.ts"), write: false });
  } catch (thrown) {
    throw new LaunchError(
      `The Worker does not build. ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
  }
}

/** `wrangler deploy --dry-run`: builds, and checks the configuration. Throws a `LaunchError`. */
export async function rehearse(): Promise<void> {
  const { code, output } = await wrangler(["deploy", "--dry-run"], { screen: "hidden" });
  if (code !== 0) throw new LaunchError(`The Worker cannot be deployed.\n${output}`);
}

/** The credentials that wrangler has. Throws a `LaunchError` if nobody is signed in. */
export async function credentials(): Promise<Credentials> {
  const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_API_KEY: key } = process.env;
  if (token && !key) return { type: "api_token", token };
  const { code, output } = await wrangler(["auth", "token", "--json"], { screen: "hidden" });
  if (code === 0) return JSON.parse(output) as Credentials;
  throw new LaunchError(
    "Nobody is signed in to Cloudflare. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN, and deploy again.",
  );
}

export interface Deploying {
  /** Null: wrangler finds it. */
  accountId: string | null;
  /** A file of secrets to set with the deploy. */
  secretsFile: string | null;
}

/** `wrangler deploy`. Returns where the Worker answers; null if wrangler does not say. Throws a `LaunchError`. */
export async function deployWorker({ accountId, secretsFile }: Deploying): Promise<string | null> {
  const told = path.join(ROOT, ".atoll", `deployed-${process.pid}.ndjson`);
  const args = ["deploy", ...(secretsFile === null ? [] : ["--secrets-file", secretsFile])];
  const environment = {
    WRANGLER_OUTPUT_FILE_PATH: told,
    ...(accountId === null ? {} : { CLOUDFLARE_ACCOUNT_ID: accountId }),
  };
  try {
    const screen = process.stdin.isTTY && process.stdout.isTTY ? "open" : "shown";
    const { code, output } = await wrangler(args, { environment, screen });
    if (code !== 0) throw new LaunchError(explain(output));
    return existsSync(told) ? addressIn(readFileSync(told, "utf8")) : null;
  } finally {
    rmSync(told, { force: true });
  }
}

/** The host's address among what wrangler reports; a domain of its own before the one at workers.dev. */
function addressIn(ndjson: string): string | null {
  const entries = ndjson.trim().split("\n");
  const deploy = entries
    .map((line) => JSON.parse(line) as { type?: string; targets?: string[] })
    .find(({ type }) => type === "deploy");
  const names = (deploy?.targets ?? [])
    .map((target) => target.replace(/^https?:\/\//, "").split(" ")[0] ?? "")
    .filter((name) => /^[a-z0-9.-]+\.[a-z]+$/.test(name));
  const name = names.find((one) => !one.endsWith(".workers.dev")) ?? names[0];
  return name === undefined ? null : `https://${name}`;
}
