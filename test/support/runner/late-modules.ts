/**
 * Loads the Worker's late modules with the others, in tests. The test runner fetches a module on behalf of the
 * request that first asks for it, and another request that waits for the same module hangs. Workers have no
 * such fetch; that modules are late in a deploy is tested on the bundle.
 */
import path from "node:path";
import type { Plugin } from "vite";
import { ROOT } from "../../../tools/dev/wrangler-file.ts";

const SOURCES = path.join(ROOT, "src") + path.sep;

export const lateModules: Plugin = {
  name: "late-modules",
  enforce: "pre",
  transform(code, id) {
    if (!id.startsWith(SOURCES) || !code.includes("await import(")) return null;
    const names = new Map<string, string>();
    const changed = code.replaceAll(/\bimport\((?="[^"]+"\))"([^"]+)"\)/g, (_, module: string) => {
      const name = names.get(module) ?? `late${names.size}`;
      names.set(module, name);
      return `Promise.resolve(${name})`;
    });
    const imports = [...names].map(([module, name]) => `import * as ${name} from "${module}";`);
    return { code: imports.join(" ") + changed, map: null };
  },
};
