import { randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { SETTINGS } from "./src/protocol/settings/list.ts";
import { readOutsideModules } from "./tools/dev/bundle.ts";
import { localVars } from "./tools/dev/configuration.ts";
import { roomInMemory } from "./tools/kit/runtime/temporary.ts";
import { LongestFirst } from "./test/support/runner/longest-first.ts";
import { lateModules } from "./test/support/runner/late-modules.ts";
import { bundlePackages } from "./test/support/runner/packages.ts";
import { quietRuntime } from "./test/support/runner/quiet-runtime.ts";

/**
 * The official fixtures, by path relative to their folder. Null if the folder is absent, which the run
 * reports.
 */
function readInterop(): Record<string, string> | null {
  const root = process.env.ATOLL_INTEROP ?? path.resolve(import.meta.dirname, "../shared/interop");
  if (!existsSync(root)) {
    console.warn(
      `interop fixtures skipped: no folder ${path.relative(process.cwd(), root)} (set ATOLL_INTEROP)`,
    );
    return null;
  }
  const files: Record<string, string> = {};
  const visit = (folder: string) => {
    for (const name of readdirSync(folder)) {
      const file = path.join(folder, name);
      if (statSync(file).isDirectory()) visit(file);
      else files[path.relative(root, file)] = readFileSync(file, "utf8");
    }
  };
  visit(root);
  return files;
}

/** Runtimes and hosts keep their databases here. An fsync to a disk takes longer than most tests. */
process.env.TMPDIR = roomInMemory() ?? tmpdir();

/** Vitest leaves one core to itself. Of two, a test that waits for its runtime needs the other. */
const CORES = Math.max(2, availableParallelism() - 1);

const [packages, outside] = await Promise.all([bundlePackages(), readOutsideModules()]);

/** Tests that run in workerd. */
const inWorkerd = (name: string, include: string[], exclude: string[]) => ({
  resolve: { alias: packages },
  define: { ATOLL_CHEAP_HASHES: "true" },
  plugins: [
    lateModules,
    cloudflareTest({
      main: "./src/worker.ts",
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          ...localVars({
            REGISTRATION: "open",
            RATE_LIMITS: "off",
            BLOB_LIMIT: SETTINGS.BLOB_LIMIT.fallback,
            ADMIN_PASSWORD: "test-admin",
          }),
          // For the tests of the test kit's rules.
          KIT_PLATFORM: "free",
        },
        serviceBindings: { OUTSIDE: "outside" },
        workers: [outside],
      },
    }),
  ],
  test: {
    name,
    // All files share one runtime: separate ones would each load the whole worker again, which takes four
    // fifths of the time. `setup.ts` empties storage between files.
    isolate: false,
    include,
    exclude,
    setupFiles: ["./test/support/runner/setup.ts"],
    provide: { interop: readInterop(), seed: process.env.SEED ?? String(randomInt(1_000_000)) },
    testTimeout: 30_000,
  },
});

/**
 * Every method with every grant, every open read on a large host, every page with every role, every list by
 * pages, thousands of hostile inputs, archives of 400,000 blocks, and what waits for clocks or for memory: as
 * long as the apps, so they run with them.
 */
const TABLES = [
  "test/account/doctor.test.ts",
  "test/account/held-files.test.ts",
  "test/account/import.test.ts",
  "test/account/stalled.test.ts",
  "test/edge/stalled.test.ts",
  "test/flows/account-passwords.test.ts",
  "test/flows/files.test.ts",
  "test/flows/malformed.test.ts",
  "test/flows/pages.test.ts",
  "test/flows/read-budgets.test.ts",
  "test/lifecycle/backup.test.ts",
  "test/lifecycle/cuts.test.ts",
  "test/lifecycle/doctor.test.ts",
  "test/lifecycle/sign-ups.test.ts",
  "test/oauth/scope-table.test.ts",
  "test/protocol/memory.test.ts",
  "test/protocol/neighbour/fuzzed.test.ts",
  "test/sequencer/fan-out/pipe-outlet.test.ts",
  "test/sequencer/fan-out/repos.test.ts",
  "test/web/admin/announcements.test.ts",
  "test/web/admin/archives.test.ts",
  "test/web/admin/budgets.test.ts",
  "test/web/admin/lists.test.ts",
  "test/web/admin/mail.test.ts",
  "test/web/admin/roles.test.ts",
  "test/web/admin/two-moderators.test.ts",
  "test/web/admin/upkeep.test.ts",
  "test/web/app-abuse.test.ts",
  "test/web/app-labels.test.ts",
  "test/web/app-markup.test.ts",
  "test/web/app-other-clients.test.ts",
  "test/web/app-queries.test.ts",
  "test/web/app-writing.test.ts",
  "test/web/joining.test.ts",
  "test/web/set-up-attacks.test.ts",
  "test/xrpc/check-password.test.ts",
];

interface NodeTests {
  /** Milliseconds that a test, or a hook, may take. */
  timeout: number;
  /** Runs one file after the other: they share a server, or want the machine to themselves. */
  alone?: boolean;
  /** Failures after which the run stops; 0: none. */
  bail?: number;
  /** Files at once, if other than usual: they run after those of the other projects. */
  atOnce?: number;
}

/** Tests in Node, which start runtimes of their own. */
const inNode = (name: string, { timeout, alone = false, bail = 0, atOnce }: NodeTests) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: timeout,
    fileParallelism: !alone,
    ...(atOnce === undefined ? {} : { maxWorkers: atOnce, sequence: { groupOrder: 1 } }),
    bail,
  },
});

/** Folders that are projects of their own; `workers` has all the others. */
const APART = ["node", "clients", "crash", "kit", "deploy", "browser", "migration", "restore"];

/**
 * The projects, and the commands that run them:
 * - `workers`, in workerd, and `node`, which starts hosts: `npm test`.
 * - `clients`, other people's software, and `tables`: `npm run test:clients`.
 * - `crash`, calls lost between stations, before the runtime is killed: `npm run test:crash`.
 * - `kit`, the test kit: `npm run test:kit`.
 * - `deploy`, the real wrangler against a stand-in of Cloudflare's API: `npm run test:deploy`.
 * - `browser`, the pages in Chromium: `npm run test:browser`.
 * - `restore`, a host that is lost and comes back: `npm run test:restore`.
 * - `migration`, moves to and from the reference PDS, which it installs: `npm run test:migration`.
 */
export default defineConfig({
  test: {
    maxWorkers: CORES,
    sequence: { sequencer: LongestFirst },
    // Only a failed test shows its logs.
    silent: "passed-only" as const,
    reporters: ["default", quietRuntime()],
    projects: [
      inWorkerd("workers", ["test/**/*.test.ts"], [...APART.map((folder) => `test/${folder}/**`), ...TABLES]),
      inWorkerd("tables", TABLES, []),
      inWorkerd("crash", ["test/crash/**/*.test.ts"], []),
      // Each mostly waits for the host that it has started.
      inNode("node", { timeout: 30_000, atOnce: CORES + 1 }),
      inNode("clients", { timeout: 60_000 }),
      inNode("kit", { timeout: 30_000 }),
      inNode("deploy", { timeout: 300_000 }),
      inNode("browser", { timeout: 120_000, alone: true }),
      // Later tests go on from what earlier ones made.
      inNode("restore", { timeout: 300_000, alone: true, bail: 1 }),
      inNode("migration", { timeout: 600_000, alone: true, bail: 1 }),
    ],
  },
});
