import { defineConfig } from "vitest/config";

/**
 * Real Chromium against a whole host: `npm run test:browser`. It is separate from `npm test`, since not every
 * machine has Chromium.
 */
export default defineConfig({
  test: {
    name: "browser",
    root: `${import.meta.dirname}/../..`,
    include: ["test/browser/**/*.browser.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
