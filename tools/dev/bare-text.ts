/** Texts within the bundle travel bare: SQL without its comment lines, the pages' scripts minified. */
import { readFileSync } from "node:fs";
import { type Plugin, transform } from "esbuild";

/** A quarter of their text is comments. */
export const bareSql: Plugin = {
  name: "bare-sql",
  setup(build) {
    build.onLoad({ filter: /\.sql$/ }, ({ path: file }) => ({
      contents: readFileSync(file, "utf8").replaceAll(/^\s*--.*\n/gm, ""),
      loader: "text",
    }));
  },
};

/** A script as a text of its own, with nothing set into it. */
const SCRIPT = /^export const \w+ = (`(?:[^`\\$]|\\.|\$(?!\{))*`);$/gms;

/** A page's script is a text in a file `…script.ts`: a third of it goes. */
export const bareScripts: Plugin = {
  name: "bare-scripts",
  setup(build) {
    build.onLoad({ filter: /\/src\/web\/.*script\.ts$/ }, async ({ path: file }) => {
      let contents = readFileSync(file, "utf8");
      for (const [, literal = ""] of contents.matchAll(SCRIPT)) {
        const { code } = await transform(cooked(literal), { minify: true });
        contents = contents.replace(literal, () => JSON.stringify(code.trim()));
      }
      return { contents, loader: "ts" };
    });
  },
};

/** The text that a literal without substitutions stands for. Throws an `Error` for an escape that none needs. */
const cooked = (literal: string): string =>
  literal.slice(1, -1).replaceAll(/\\(.)/g, (_, escaped: string) => {
    if (!"\\`$".includes(escaped)) throw new Error(`a page's script escapes ${escaped}`);
    return escaped;
  });
