/** Every test file starts with nothing but migrated databases. Files share one runtime, in sequence. */
import { applyD1Migrations } from "cloudflare:test";
import type { D1Migration } from "@cloudflare/vitest-plugin";
import { env } from "cloudflare:workers";
import { empty } from "./empty.ts";

declare module "vitest" {
  interface ProvidedContext {
    interop: Record<string, string> | null;
    /** Seed of this run's random choices; SEED sets it. */
    seed: string;
  }
}

interface TestBindings {
  DIRECTORY: D1Database;
  APPVIEW_DB: D1Database;
  MIGRATIONS: { directory: D1Migration[]; appview: D1Migration[] };
}

const bindings: TestBindings = env as never;
await empty(bindings.DIRECTORY, bindings.APPVIEW_DB);
await applyD1Migrations(bindings.DIRECTORY, bindings.MIGRATIONS.directory);
await applyD1Migrations(bindings.APPVIEW_DB, bindings.MIGRATIONS.appview);
