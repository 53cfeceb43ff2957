import { randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { readOutsideModules } from "./tools/dev/bundle.ts";
import { bundlePackages } from "./test/support/packages.ts";

/** The official fixtures, by path below their folder; null where the folder is absent, and the run says so. */
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
    // One runtime for all files: in one of its own, each would load the whole worker anew, which is four fifths
    // of the time. Storage is emptied between them (test/support/setup.ts).
    isolate: false,
    include,
    exclude,
    setupFiles: ["./test/support/setup.ts"],
    provide: { interop: readInterop(), seed: process.env.SEED ?? String(randomInt(1_000_000)) },
    testTimeout: 30_000,
  },
});

/** Every method with every grant, over HTTP: with the apps, since it takes as long as they do. */
const GRANTS = "test/oauth/scope-table.test.ts";

/**
 * `npm test`: what runs in workerd, and what starts workerd. `npm run test:clients`: other people's software, unmodified or
 * as its source shows it, and whole evenings of its use; it takes as long again. `npm run test:kit`: the test kit.
 */
export default defineConfig(async () => ({
  test: {
    // Vitest leaves one core to itself; of two, a test that waits for its runtime needs the other.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // What failed shows its logs, and nothing else.
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
