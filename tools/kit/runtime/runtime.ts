/**
 * Finds the folder that networks run from: shipped with the package, or, in this repository, built from the
 * sources.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { LaunchError } from "../../dev/ports.ts";
import type * as Builder from "./build.ts";
import { CONFIG, DEFAULTS, type Runtime } from "./workerd-config.ts";

let found: Promise<Runtime> | undefined;

/** Throws a `LaunchError`. */
export function findRuntime(): Promise<Runtime> {
  found ??= find().catch((thrown: unknown) => {
    found = undefined;
    throw thrown;
  });
  return found;
}

async function find(): Promise<Runtime> {
  const packed = path.join(import.meta.dirname, "runtime");
  const folder = existsSync(path.join(packed, CONFIG)) ? packed : await build(packed);
  const read = JSON.parse(readFileSync(path.join(folder, DEFAULTS), "utf8")) as Omit<Runtime, "folder">;
  return { folder, ...read };
}

async function build(packed: string): Promise<string> {
  let builder: typeof Builder;
  try {
    builder = await import("./build.ts");
  } catch {
    throw new LaunchError(
      `The built Worker is missing: there is no ${packed}. Install atoll-host again, or run \`npm run build -w atoll-host\` in its repository.`,
    );
  }
  try {
    return await builder.builtRuntime();
  } catch (thrown) {
    throw new LaunchError(
      `The Worker does not build. ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
  }
}
