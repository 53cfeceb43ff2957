import { randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { readOutsideModules } from "./tools/dev/bundle.ts";
import { bundlePackages } from "./test/support/packages.ts";

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

const packages = await bundlePackages();

/** Tests that run in workerd. */
const inWorkerd = async (name: string, include: string[], exclude: string[]) => ({
  resolve: { alias: packages },
  plugins: [
    cloudflareTest({
      main: "./src/worker.ts",
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          LOCAL: "1",
          PLC_URL: "",
          RELAYS: "",
          REGISTRATION: "open",
          RATE_LIMITS: "off",
          ADMIN_PASSWORD: "test-admin",
          MIGRATIONS: {
            directory: await readD1Migrations("./migrations/directory"),
            appview: await readD1Migrations("./migrations/appview"),
          },
        },
        serviceBindings: { OUTSIDE: "outside" },
        workers: [await readOutsideModules()],
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
    setupFiles: ["./test/support/setup.ts"],
    provide: { interop: readInterop(), seed: process.env.SEED ?? String(randomInt(1_000_000)) },
    testTimeout: 30_000,
  },
});

/**
 * Calls every method with every grant, over HTTP. It runs with the clients, since it takes as long as they
 * do.
 */
const GRANTS = "test/oauth/scope-table.test.ts";

/**
 * `npm test` runs the tests in workerd and those that start workerd. `npm run test:clients` runs third-party
 * clients, unmodified or as their source shows them, through whole evenings of use; it takes as long again.
 * `npm run test:kit` runs the test kit.
 */
export default defineConfig(async () => ({
  test: {
    // Vitest keeps one core for itself. On two cores, a test that waits for its runtime needs the other one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Only failed tests print their logs.
    silent: "passed-only" as const,
    projects: [
      await inWorkerd(
        "workers",
        ["test/**/*.test.ts"],
        ["test/node/**", "test/clients/**", "test/kit/**", GRANTS],
      ),
      await inWorkerd("grants", [GRANTS], []),
      {
        test: {
          name: "node",
          include: ["test/node/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "clients",
          include: ["test/clients/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "kit",
          include: ["test/kit/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
}));
