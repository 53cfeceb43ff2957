/// <reference types="vite/client" />
import { expect, test } from "vitest";

/**
 * The one rule: a file imports only from its own folder, or from folders further right. Stations between bars never import
 * each other. The README prints these lines; the last test holds them to be the same. Types count as imports.
 */
const RULES = [
  "worker → edge → web → xrpc → lifecycle → account | sequencer | identity | moderation | oauth | appview → schema → protocol",
  "bench → kit → seed | migrate | restore → dev → src",
];

/** The rank of each room, and for `src` that of all that it stands for. */
const RANKS = RULES.map((rule) => rule.split(" → ").map((rank) => rank.split(" | ")));

const sources = import.meta.glob(
  // What the kit's build leaves is nobody's source.
  ["../src/**/*.{ts,tsx}", "../schema/**/*.ts", "../tools/**/*.{ts,mjs}", "!../tools/kit/dist/**"],
  { query: "?raw", import: "default", eager: true },
) as Record<string, string>;

/** `/src/edge/app.ts` → `edge`; `/src/worker.ts` → `worker`; `/tools/kit/index.ts` → `kit`; `/schema/directory.ts` → `schema`. */
function roomOf(file: string): { tree: string; room: string } {
  const [tree = "", first = "", ...rest] = file.slice(1).split("/");
  if (tree === "schema") return { tree: "src", room: "schema" };
  return { tree, room: rest.length === 0 ? first.replace(/\.tsx?$/, "") : first };
}

/** Within `tools`, all of `src` is one room, the lowest. */
function allowed(from: { tree: string; room: string }, to: { tree: string; room: string }): boolean {
  const ranks = RANKS[from.tree === "src" ? 0 : 1] ?? [];
  const rankOf = (room: string) => ranks.findIndex((rank) => rank.includes(room));
  if (from.tree === "src" && to.tree !== "src") return false;
  const target = from.tree === "tools" && to.tree === "src" ? "src" : to.room;
  return target === from.room || (rankOf(target) > rankOf(from.room) && rankOf(from.room) >= 0);
}

const documents = import.meta.glob(["../README.md", "../package.json"], {
  query: "?raw",
  import: "default",
  eager: true,
}) as Record<string, string>;

const pathOf = (file: string) => file.replace(/^\.\./, "");

function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map((match) => new URL(match[1] ?? "", `file://${pathOf(file)}`).pathname);
}

/** What is read as text or at build time: SQL, and what a build makes. */
const isCode = (target: string) => Object.hasOwn(sources, `..${target}`);

test("there are sources to look at", () => {
  const rooms = new Set(Object.keys(sources).map((file) => roomOf(pathOf(file)).room));
  for (const room of RANKS.flat(2)) if (room !== "src") expect([...rooms]).toContain(room);
  expect(Object.keys(sources).length).toBeGreaterThan(300);
});

test.each(Object.entries(sources))("%s imports only downwards", (file, text) => {
  const from = roomOf(pathOf(file));
  for (const target of importsOf(file, text)) {
    if (!isCode(target)) continue;
    const to = roomOf(target);
    expect(allowed(from, to), `${file} imports ${target}: ${from.room} may not know ${to.room}`).toBe(true);
  }
});

/** A way by imports from a file to itself, the shortest; null if there is none. */
function circleAt(file: string, targets: ReadonlyMap<string, readonly string[]>): string[] | null {
  const ways = new Map([[file, [file]]]);
  for (const [at, way] of ways) {
    for (const next of targets.get(at) ?? []) {
      if (next === file) return [...way, file];
      if (!ways.has(next)) ways.set(next, [...way, next]);
    }
  }
  return null;
}

test("a circle is found where there is one", () => {
  const targets = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["d", ["a"]],
  ]);
  expect(circleAt("a", targets)).toEqual(["a", "b", "d", "a"]);
  expect(circleAt("c", targets)).toBeNull();
});

test("no file knows itself through others, types included", () => {
  const targets = new Map(
    Object.entries(sources).map(([file, text]) => [pathOf(file), importsOf(file, text).filter(isCode)]),
  );
  const circles = [...targets.keys()].flatMap((file) => circleAt(file, targets)?.join(" → ") ?? []);
  expect(circles).toEqual([]);
});

test("index and reads of the AppView do not know each other", () => {
  for (const [file, text] of Object.entries(sources)) {
    const side = /^\.\.\/src\/appview\/(index|reads)\//.exec(file)?.[1];
    if (side === undefined) continue;
    const other = side === "index" ? "/src/appview/reads/" : "/src/appview/index/";
    expect(
      importsOf(file, text).filter((target) => target.startsWith(other)),
      file,
    ).toEqual([]);
  }
});

/** Every file in the rooms, whatever it is. Only their names are looked at. */
const everyFile = Object.keys(
  import.meta.glob(["../{src,schema,test,tools}/**/*", "!../tools/kit/dist/**"], { query: "?url" }),
);

test("a room has at most 24 files, but for the tables of the API", () => {
  expect(everyFile.length).toBeGreaterThan(Object.keys(sources).length);
  const rooms = new Map<string, number>();
  for (const file of everyFile) {
    const room = file.slice(0, file.lastIndexOf("/"));
    rooms.set(room, (rooms.get(room) ?? 0) + 1);
  }
  rooms.delete("../src/xrpc");
  for (const [room, files] of rooms) expect(files, room).toBeLessThanOrEqual(24);
});

const linesOf = (text: string): number => text.split("\n").length - 1;
const inSrc = Object.entries(sources).filter(([file]) => file.startsWith("../src/"));

test("files keep to one subject: at most 400 lines, and nine in ten of src have fewer than 180", () => {
  for (const [file, text] of Object.entries(sources)) expect(linesOf(text), file).toBeLessThanOrEqual(400);
  const long = inSrc.filter(([, text]) => linesOf(text) >= 180).map(([file]) => file);
  expect(long.length / inSrc.length, long.join("\n")).toBeLessThanOrEqual(0.1);
});

/** Code without comments, texts, and the names that imports and exports give. */
const bare = (text: string): string =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g, "")
    .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""')
    .replaceAll(/\b(?:import|export)\s+(?:type\s+)?(?:\w+,\s*)?(?:\{[^}]*\}|\*\s+as\s+\w+)/g, "");

/** Assertions of a type: after a value, and before a type. `as const` asserts nothing. */
const castsIn = (text: string): number =>
  [
    ...bare(text).matchAll(
      /[\w)\]}"`]\s+as\s+(?!const\b)(?=[A-Z{[("`]|(?:unknown|string|number|object|never|typeof|keyof)\b)/g,
    ),
  ].length;

test("casts are counted where they are, and nowhere else", () => {
  expect(castsIn("const a = b as Did;\nconst c = JSON.parse(d) as { e: string };\nreturn f as Row[];")).toBe(
    3,
  );
  expect(castsIn('import { a as B } from "c";\nexport { d as E };\nimport * as F from "g";')).toBe(0);
  expect(
    castsIn(
      'const a = ["b"] as const; // as Did\n/** c as Did */\nconst text = "d as Did";\n<p>Save as a file</p>',
    ),
  ).toBe(0);
});

test("types say what they are: at most 2.5 casts per 1,000 lines of src", () => {
  const lines = inSrc.reduce((sum, [, text]) => sum + linesOf(text), 0);
  const casts = inSrc.map(([file, text]) => [file, castsIn(text)] as const).filter(([, count]) => count > 0);
  const all = casts.reduce((sum, [, count]) => sum + count, 0);
  expect(all / lines, JSON.stringify(casts, null, 1)).toBeLessThanOrEqual(0.0025);
});

test("the README prints the rule, and names every script once", () => {
  const readme = documents["../README.md"] ?? "";
  for (const rule of RULES) expect(readme.split("\n")).toContain(rule);
  const { scripts } = JSON.parse(documents["../package.json"] ?? "") as { scripts: Record<string, string> };
  const rows = readme.split("\n").filter((line) => line.startsWith("| `npm "));
  for (const name of Object.keys(scripts).filter((script) => !["start", "test"].includes(script))) {
    const naming = rows.filter((row) => row.startsWith(`| \`npm run ${name}\` `));
    expect(naming.length, name).toBe(1);
  }
});
