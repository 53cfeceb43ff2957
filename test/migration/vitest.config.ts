import { defineConfig } from "vitest/config";

/** Separate from the other tests: it installs the reference PDS, and takes minutes. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.flow.ts"],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    bail: 1,
  },
});
