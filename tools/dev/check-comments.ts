/**
 * `npm run check` runs this: every back-ticked name in a comment stands in the code, so that a comment does not
 * outlive what it cites. A name is an identifier, a dotted path of them, a kebab-case word, or a file. And no
 * comment of the product begins with What or Who: it begins with the thing that it names.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./wrangler-file.ts";

const CODE = /\.(tsx?|mjs|js)$/;
/** Files whose words count as code: configuration, SQL and lexicons name things too. */
const WORDS = /\.(tsx?|mjs|js|json|toml|sql)$|^\.ci\//;

/** Names of the platform, of lexicons and of other people's software, and examples of values. */
const ELSEWHERE = new Set([
  ..."bufferedAmount createAvailable atclient omitempty nodedir auth-session.json".split(" "),
  ..."abcd-efgh-ijkl-mnop my-host-example-abc23-567xy c0 a20 p20".split(" "),
]);

interface Source {
  file: string;
  comments: { line: number; text: string }[];
  code: string;
}

/** Parts a file's comments from its code, line by line: a comment here begins its line, or ends it after code. */
function split(file: string, text: string): Source {
  const comments: Source["comments"] = [];
  const code: string[] = [];
  let inside = false;
  for (const [index, line] of text.split("\n").entries()) {
    const begins = !inside && /^\s*(\/\*|\/\/)/.test(line);
    if (inside || begins) {
      comments.push({ line: index + 1, text: line });
      inside = (inside || /^\s*\/\*/.test(line)) && !line.includes("*/");
      continue;
    }
    const trailing = /^(.*?[;,{}()\]"'`\w])\s+(\/\/ .*)$/.exec(line);
    code.push(trailing?.[1] ?? line);
    if (trailing?.[2] !== undefined) comments.push({ line: index + 1, text: trailing[2] });
  }
  return { file, comments, code: code.join("\n") };
}

function trackedFiles(): string[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return listed.split("\n").filter((file) => file !== "" && !file.startsWith("docs/bench/"));
}

/** The last identifier of a dotted path, or the whole of a kebab-case word; null for what is no name. */
function nameIn(quoted: string): string | null {
  const bare = quoted.replace(/\(.*\)$/, "").replace(/^#/, "");
  if (/^[A-Za-z_$][\w$]*(\.#?[A-Za-z_$][\w$]*)*$/.test(bare)) return bare.split(/\.#?/).at(-1) ?? null;
  return /^[a-z]+(-[a-z0-9]+)+$/.test(bare) ? bare : null;
}

const files = trackedFiles();
const sources: Source[] = [];
const words = new Set<string>();
for (const file of files) {
  if (!WORDS.test(file) || file === "package-lock.json") continue;
  const text = readFileSync(path.join(ROOT, file), "utf8");
  const source = CODE.test(file) ? split(file, text) : { file, comments: [], code: text };
  if (CODE.test(file)) sources.push(source);
  for (const [word] of source.code.matchAll(/[A-Za-z_$][\w$]*(?:-[a-z0-9]+)*/g)) {
    words.add(word);
    for (const part of word.split("-")) words.add(part);
  }
}

const isFile = (quoted: string) => /^[\w./-]+\.(tsx?|mjs|js|sql|json|toml|md)$/.test(quoted);
const exists = (quoted: string) => files.some((file) => file === quoted || file.endsWith(`/${quoted}`));

/** Whether a comment begins in this line, with a word that names nothing. */
function namesNothing(file: string, comments: Source["comments"], index: number): boolean {
  const [before, own] = [comments[index - 1], comments[index]];
  const isFirst = before?.line !== (own?.line ?? 0) - 1 || before.text.trim() === "/**";
  return isFirst && /^(src|tools)\//.test(file) && /^\s*(\/\*\*|\*|\/\/) (What|Who)\b/.test(own?.text ?? "");
}

let wrong = 0;
for (const { file, comments } of sources) {
  for (const [index, { line, text }] of comments.entries()) {
    if (namesNothing(file, comments, index)) {
      wrong++;
      console.error(`${file}:${line}: begin with the thing that the comment names`);
    }
    for (const [, quoted = ""] of text.matchAll(/`([^`]+)`/g)) {
      const name = nameIn(quoted);
      const stands = isFile(quoted)
        ? exists(quoted.replace(/^\.?\//, "")) || ELSEWHERE.has(quoted)
        : name === null || words.has(name) || ELSEWHERE.has(name);
      if (stands) continue;
      wrong++;
      console.error(`${file}:${line}: \`${quoted}\` is nowhere in the code`);
    }
  }
}
if (wrong > 0) process.exit(1);
