/** A copy of this project, as somebody has it who deploys it; commands in it see nothing of this machine's. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "../../tools/dev/wrangler-file.ts";
import { TOKEN } from "./cloudflare/api.ts";

/** What a deploy reads. */
const PARTS = [
  "src",
  "schema",
  "migrations",
  "tools",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "wrangler.toml",
];

export interface Finished {
  code: number;
  /** What was printed, to either stream, without colours. */
  output: string;
}

/** What is typed: at once, or each time when all that was printed until then asks for it. */
export type TypingBySteps = (type: (keys: string) => void, printed: () => string) => Promise<void>;
type Typing = string | TypingBySteps;

export const KEYS = { enter: "\r", down: "\u001B[B", ctrlC: "\u0003" } as const;

export interface Project {
  readonly folder: string;
  /** Runs this project's wrangler; `input` is what somebody pipes into it. */
  wrangler(args: string[], environment?: NodeJS.ProcessEnv, input?: string): Promise<Finished>;
  /** `npm run deploy -- …` */
  deploy(args?: string[], environment?: NodeJS.ProcessEnv): Promise<Finished>;
  /** `npm run deploy -- …` at a terminal, with somebody at its keys. */
  deployAtTerminal(keys: Typing, args?: string[]): Promise<Finished>;
  /** `npm run …` */
  npm(script: string): Promise<Finished>;
  /** Changes a file. */
  edit(file: string, change: (text: string) => string): void;
  write(file: string, text: string): void;
  remove(): void;
}

export function copyProject(apiUrl: string): Project {
  const folder = mkdtempSync(path.join(tmpdir(), "atoll-deploy-"));
  const project = path.join(folder, "project");
  mkdirSync(project);
  for (const part of PARTS) cpSync(path.join(ROOT, part), path.join(project, part), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(project, "node_modules"));
  const run = (command: string, args: string[], given: NodeJS.ProcessEnv = {}, input = "") =>
    finish(command, args, input, project, { ...environmentOf(folder, apiUrl), ...given });
  return {
    folder: project,
    wrangler: (args, given, input) =>
      run(process.execPath, ["node_modules/wrangler/bin/wrangler.js", ...args], given, input),
    deploy: (args = [], given) =>
      run(process.execPath, ["--import", "./tools/dev/node.mjs", "tools/dev/deploy/run.ts", ...args], given),
    deployAtTerminal: (keys, args = []) => {
      const deploy = [
        process.execPath,
        "--import",
        "./tools/dev/node.mjs",
        "tools/dev/deploy/run.ts",
        ...args,
      ];
      // util-linux's: a pseudo-terminal, whose keys are what is piped in.
      const words = deploy.map((word) => `'${word}'`).join(" ");
      const command = ["-qefc", `stty cols 200 rows 50 && exec ${words}`, "/dev/null"];
      return finish("script", command, keys, project, environmentOf(folder, apiUrl));
    },
    npm: (script) => run("npm", ["run", script]),
    edit(file, change) {
      const at = path.join(project, file);
      writeFileSync(at, change(readFileSync(at, "utf8")));
    },
    write: (file, text) => writeFileSync(path.join(project, file), text),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Nothing of this machine's but the path to Node: no sign-in, no telemetry, no network but the stand-in. */
const environmentOf = (folder: string, apiUrl: string): NodeJS.ProcessEnv => ({
  PATH: `${path.join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
  HOME: folder,
  TMPDIR: folder,
  XDG_CONFIG_HOME: folder,
  NODE_COMPILE_CACHE: path.join(ROOT, "node_modules/.cache/atoll/compiled"),
  CLOUDFLARE_API_BASE_URL: apiUrl,
  CLOUDFLARE_API_TOKEN: TOKEN,
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_LOG_PATH: path.join(folder, "logs"),
  WRANGLER_CACHE_DIR: path.join(folder, "cache"),
  NO_COLOR: "1",
});

function finish(
  command: string,
  args: string[],
  input: Typing,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    if (typeof input === "string") child.stdin.end(input);
    else
      input(
        (keys) => child.stdin.write(keys),
        () => withoutColours(output),
      ).then(() => child.once("exit", () => child.stdin.end()), reject);
    child.stdout.on("data", (text: Buffer) => (output += text.toString()));
    child.stderr.on("data", (text: Buffer) => (output += text.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output: withoutColours(output) }));
  });
}

// oxlint-disable-next-line no-control-regex -- an escape sequence begins with one
const withoutColours = (text: string) => text.replace(/\u001B\[[0-9;?]*[A-Za-z]/g, "");
