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
interface Secret {
  name: string;
  value: string;
  created_at: string;
}

/** The secrets that the runtime may remember from an earlier file. It goes on with them, so they stay true. */
async function secretsSoFar(): Promise<Secret[]> {
  const found = await bindings.DIRECTORY.prepare("SELECT name, value, created_at FROM secret")
    .all<Secret>()
    .catch(() => null);
  return found?.results ?? [];
}

const secrets = await secretsSoFar();
await empty(bindings.DIRECTORY, bindings.APPVIEW_DB);
await applyD1Migrations(bindings.DIRECTORY, bindings.MIGRATIONS.directory);
await applyD1Migrations(bindings.APPVIEW_DB, bindings.MIGRATIONS.appview);
const put = bindings.DIRECTORY.prepare("INSERT INTO secret (name, value, created_at) VALUES (?, ?, ?)");
for (const { name, value, created_at } of secrets) await put.bind(name, value, created_at).run();
