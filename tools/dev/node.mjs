// Preloaded by every script: checks that this Node can run it, and caches compiled code. Plain JavaScript, so
// that any Node can say what is wrong: the scripts are TypeScript, run by type stripping.
import module from "node:module";
import path from "node:path";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const strips = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
if (!strips) {
  console.error(
    [
      `This needs Node 22.18 or later; npm ran it on ${process.versions.node}.`,
      "",
      "`npm ci` installs a fitting Node beside the other dependencies, whatever the machine has. It is missing here,",
      "most likely because install scripts are off (--ignore-scripts, or `ignore-scripts=true` in an .npmrc). Either:",
      "",
      "  npm ci --ignore-scripts=false     lets it be installed",
      "  npm rebuild node                  installs it alone",
      "  or use Node 22.18 or later        https://nodejs.org",
    ].join("\n"),
  );
  process.exit(1);
}

// Worth it: Miniflare alone is 6 MB of script.
module.enableCompileCache(path.resolve(import.meta.dirname, "../../node_modules/.cache/atoll/node"));
