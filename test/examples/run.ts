/**
 * `npm run test:examples`: packs this package as npm would publish it and installs it into each project under
 * `examples/`. Then it runs the type checks and tests of each project, under this Node and under Node 22.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../../tools/dev/wrangler-file.ts";

const EXAMPLES = path.join(ROOT, "examples");
const KIT = path.join(ROOT, "tools/kit");
const OTHER_NODE = "22.23.3";

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const { values } = parseArgs({
  options: { only: { type: "string" }, "skip-node-22": { type: "boolean" } },
});
const folder = mkdtempSync(path.join(tmpdir(), "atoll-examples-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
main();

function main(): void {
  const tarball = pack();
  const nodes = [path.dirname(process.execPath)];
  if (values["skip-node-22"] !== true) nodes.push(installNode22());
  const names = readdirSync(EXAMPLES).filter((name) => existsSync(path.join(EXAMPLES, name, "package.json")));
  for (const name of names) {
    if (values.only !== undefined && values.only !== name) continue;
    tryOut(name, tarball, nodes);
  }
  console.log("\nAll examples pass.");
}

/** Packs what npm would publish; returns the path of the archive. */
function pack(): string {
  const { name, version, dependencies } = readManifest(KIT);
  const runtime = Object.keys(dependencies ?? {});
  if (runtime.join() !== "workerd")
    fail(`the package needs ${runtime.join(", ")} at run time; only workerd is meant to be`);
  timed("npm pack", () => run("npm", ["pack", "--pack-destination", folder, "--loglevel", "error"], KIT));
  return path.join(folder, `${name}-${version}.tgz`);
}

/** Installs Node 22; returns the folder of its programs. */
function installNode22(): string {
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const home = path.join(folder, "node22");
  timed(`Node ${OTHER_NODE}`, () =>
    run(
      "npm",
      [
        "install",
        "--prefix",
        home,
        "--no-audit",
        "--no-fund",
        "--loglevel",
        "error",
        `${name}@${OTHER_NODE}`,
      ],
      ROOT,
    ),
  );
  return path.join(home, "node_modules", name, "bin");
}

function tryOut(name: string, tarball: string, nodes: string[]): void {
  const project = path.join(folder, name);
  cpSync(path.join(EXAMPLES, name), project, {
    recursive: true,
    filter: (source) => !source.includes("node_modules"),
  });
  const manifest = readManifest(project);
  manifest.devDependencies = { ...manifest.devDependencies, "atoll-host": `file:${tarball}` };
  writeFileSync(path.join(project, "package.json"), JSON.stringify(manifest, null, 2));
  console.log(`\n${name}`);
  timed("npm install", () =>
    run("npm", ["install", "--no-audit", "--no-fund", "--loglevel", "error"], project),
  );
  timed("tsc", () => run("npm", ["run", "--silent", "check"], project));
  checkOwnTypes(project);
  checkMissingBuild(project);
  for (const bin of nodes) {
    const version = spawnSync(path.join(bin, "node"), ["--version"], { encoding: "utf8" }).stdout.trim();
    timed(`tests, Node ${version}`, () => run("npm", ["test", "--silent"], project, bin));
  }
}

/** Our declarations pass without `skipLibCheck`; those of other packages may not. */
function checkOwnTypes(project: string): void {
  const tsc = path.join(project, "node_modules/typescript/bin/tsc");
  const done = spawnSync(process.execPath, [tsc, "--skipLibCheck", "false"], {
    cwd: project,
    encoding: "utf8",
  });
  const own = done.stdout.split("\n").filter((line) => line.startsWith("node_modules/atoll-host/"));
  if (own.length > 0) fail(own.join("\n"));
}

/** A package without its built Worker says so, and says what to do. */
function checkMissingBuild(project: string): void {
  const runtime = path.join(project, "node_modules/atoll-host/dist/runtime");
  renameSync(runtime, `${runtime}-aside`);
  const script =
    'import("atoll-host/testing").then((kit) => kit.createTestNetwork()).catch((thrown) => console.log(thrown.message))';
  const { stdout } = spawnSync(process.execPath, ["-e", script], { cwd: project, encoding: "utf8" });
  renameSync(`${runtime}-aside`, runtime);
  if (!/^The built Worker is missing: .* Install atoll-host again/.test(stdout))
    fail(`without its Worker: ${stdout}`);
}

function readManifest(of: string): Manifest {
  return JSON.parse(readFileSync(path.join(of, "package.json"), "utf8")) as Manifest;
}

/** Programs in `bin` take precedence over those of the machine. */
function run(command: string, args: string[], cwd: string, bin = path.dirname(process.execPath)): void {
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
  const done = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  if (done.status !== 0) fail(`${command} ${args.join(" ")} in ${cwd}\n${done.stdout}\n${done.stderr}`);
}

function timed(what: string, work: () => void): void {
  const begun = performance.now();
  work();
  console.log(`  ${what.padEnd(28)} ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

function fail(why: string): never {
  console.error(`\n${why}`);
  process.exit(1);
}
