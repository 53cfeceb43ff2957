/**
 * `npm run deploy`: takes the same steps the first time and later. Creates missing databases and the bucket, and
 * deploys the Worker, which brings its databases up to date itself. Every step may be repeated. `--dry-run`
 * shows the steps and builds, and touches no account.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { LaunchError } from "./ports.ts";
import { fitSettings } from "./settings.ts";
import type { D1Binding, R2Binding } from "./wrangler-file.ts";
import { ROOT, readWranglerFile } from "./wrangler-file.ts";

const dryRun = process.argv.includes("--dry-run");
let steps = 0;

try {
  await deploy();
} catch (thrown) {
  if (!(thrown instanceof LaunchError)) throw thrown;
  console.error(`\n${thrown.message}\n`);
  process.exit(1);
}

async function deploy(): Promise<void> {
  const { name, databases, buckets, vars } = readWranglerFile();
  if (fitSettings(vars).LOCAL !== "")
    throw new LaunchError("LOCAL is set in wrangler.toml: a deploy is not local.");
  step("Build", "bundles the Worker, so that a fault in it stops us before anything is touched");
  await wrangler(["deploy", "--dry-run"], { quiet: true });

  step("Account", "who is signed in to Cloudflare");
  if (!dryRun) await assertSignedIn();

  step("Databases", databases.map((database) => database.name).join(", "));
  if (!dryRun) await createDatabases(databases);

  step("Bucket", buckets.map((bucket) => bucket.name).join(", "));
  if (!dryRun) await createBuckets(buckets);

  step("Deploy", "wrangler deploy");
  if (dryRun) {
    console.log("\nThat was a dry run: the Worker builds, and nothing was touched.\n");
    return;
  }
  await wrangler(["deploy"]);
  console.log(
    [
      "",
      `${name} is deployed at the address above.`,
      "",
      "Members' handles need a domain of your own: a route for it and for *.<domain>, and then PUBLIC_URL and",
      "HANDLE_DOMAINS in wrangler.toml. Deploying again is safe at any time.",
      "",
    ].join("\n"),
  );
}

function step(title: string, what: string): void {
  steps++;
  console.log(`\n${steps}. ${title}: ${what}`);
}

async function assertSignedIn(): Promise<void> {
  const { code } = await wrangler(["whoami", "--json"], { quiet: true, mayFail: true });
  if (code === 0) return;
  throw new LaunchError(
    "Nobody is signed in to Cloudflare. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN, and deploy again.",
  );
}

async function createDatabases(databases: D1Binding[]): Promise<void> {
  const { output } = await wrangler(["d1", "list", "--json"], { quiet: true });
  const there = new Set((JSON.parse(output) as { name: string }[]).map(({ name }) => name));
  for (const { name, id } of databases) {
    // An id in the file means that the database exists (the deploy button creates it).
    if (id !== null || there.has(name)) console.log(`   ${name} is there`);
    else await wrangler(["d1", "create", name, "--no-update-config"]);
  }
}

async function createBuckets(buckets: R2Binding[]): Promise<void> {
  for (const { name } of buckets) {
    const found = await wrangler(["r2", "bucket", "info", name], { quiet: true, mayFail: true });
    if (found.code === 0) {
      console.log(`   ${name} is there`);
      continue;
    }
    const made = await wrangler(["r2", "bucket", "create", name, "--no-update-config"], { mayFail: true });
    if (made.code === 0) continue;
    throw new LaunchError(
      "The bucket could not be made. R2 has to be enabled once in the dashboard (it asks for a card, and has a free tier).",
    );
  }
}

/** Runs this project's wrangler. If it fails, throws a `LaunchError` with its output, unless `mayFail`. */
function wrangler(
  given: string[],
  { quiet = false, mayFail = false } = {},
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const command = path.join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const child = spawn(process.execPath, [command, ...given], {
      cwd: ROOT,
      stdio: ["inherit", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
      env: { ...process.env, WRANGLER_HIDE_BANNER: "true", WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true" },
    });
    let output = "";
    let errors = "";
    child.stdout?.on("data", (text: Buffer) => (output += text.toString()));
    child.stderr?.on("data", (text: Buffer) => (errors += text.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0 || mayFail) resolve({ code: code ?? 1, output });
      else reject(new LaunchError(`wrangler ${given.join(" ")} failed.\n${output}${errors}`));
    });
  });
}
