/**
 * `atoll-host dev-network`: a test network for programs in any language. It prints its description as a line of
 * JSON and is controlled over HTTP.
 */
import { execFileSync } from "node:child_process";
import type { Stats } from "node:fs";
import { existsSync, fstatSync, readFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { LOOPBACK, LaunchError } from "../dev/ports.ts";
import { SeedError, type Seed } from "../seed/seed.ts";
import type { AccountOptions, TestAccount } from "./network/accounts.ts";
import type { Duration } from "./network/clock.ts";
import { createTestNetwork, type TestNetwork } from "./network/network.ts";
import type { HostVars } from "./vars.ts";

export const USAGE = `atoll-host dev-network [options]
  A whole atproto network for tests: prints a line of JSON (addresses, accounts) when it is ready, and stops with its
  parent, or on SIGINT or SIGTERM. It keeps nothing.

  --seed file.json     plants accounts, follows, posts and records
  --account name       an account to make; may be given more than once
  --host name          a host's name; may be given more than once (default: one host, handles end in .test)
  --port number        where the first host listens; the port below is used too (default: free ones)
  --now date           where the hosts' clock stands at the start
  --var NAME=value     a host's configuration, such as REGISTRATION=invite; may be given more than once
  --log                what the hosts log, to standard error

  POST to \`control\` + one of: /accounts {"name"}, /seed {…}, /settle, /reset, /crash, /clock {"advance":"2h"} or
  {"set":"2030-01-01T00:00:00Z"}. /reset returns to the start, with the seed and the accounts given here. GET gives the line of JSON again, and /logs what the hosts have logged; mail is at
  \`mail\`.
`;

const HOST_BODY_BYTES = 64 << 20;

/** Runs until it is told to stop. A `LaunchError` or `SeedError` is thrown before the line is printed. */
export async function devNetwork(args: string[]): Promise<void> {
  const options = readArguments(args);
  if (options === null) return void process.stdout.write(USAGE);
  const network = await createTestNetwork(options.network);
  const restart = async () => {
    await network.reset();
    if (options.network.seed !== undefined) await network.seed(options.network.seed);
    for (const name of options.accounts) await network.account(name);
  };
  const control = await serveControl(network, restart);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    control.close();
    void network.dispose().finally(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  whenParentEnds(stop);
  try {
    for (const name of options.accounts) await network.account(name);
  } catch (thrown) {
    await network.dispose();
    throw new LaunchError(`--account: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
      cause: thrown,
    });
  }
  console.log(JSON.stringify(describe(network, control)));
}

function readArguments(args: string[]) {
  const { values } = parse(args);
  if (values.help === true) return null;
  const { port } = values;
  if (port !== undefined && !/^\d+$/.test(port)) throw new LaunchError(`--port ${port}: a number is wanted`);
  const vars: Record<string, string> = {};
  for (const given of values.var ?? []) {
    const [name = "", ...value] = given.split("=");
    if (value.length === 0) throw new LaunchError(`--var ${given}: NAME=value is wanted`);
    vars[name] = value.join("=");
  }
  return {
    accounts: values.account ?? [],
    network: {
      vars: vars as HostVars,
      ...(values.seed === undefined ? {} : { seed: readSeed(values.seed) }),
      ...(values.host === undefined ? {} : { hosts: values.host }),
      ...(port === undefined ? {} : { port: Number(port) }),
      ...(values.now === undefined ? {} : { now: values.now }),
      ...(values.log === true ? { log: logToStderr } : {}),
    },
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        seed: { type: "string" },
        account: { type: "string", multiple: true },
        host: { type: "string", multiple: true },
        port: { type: "string" },
        now: { type: "string" },
        var: { type: "string", multiple: true },
        log: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (thrown) {
    throw new LaunchError(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${USAGE}`);
  }
}

const logToStderr = ({ host, message }: { host: string; message: string }) =>
  void process.stderr.write(`${host} ${message}\n`);

function readSeed(file: string): Seed {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new LaunchError(`--seed: there is no file ${file} that can be read.`);
  }
  try {
    return JSON.parse(text) as Seed;
  } catch (thrown) {
    throw new LaunchError(`--seed: ${file} is not JSON: ${thrown instanceof Error ? thrown.message : ""}`);
  }
}

function describe(network: TestNetwork, control: http.Server) {
  const hosts = network.hosts.map(({ name, url, did, mail, handleDomain, adminPassword }) => {
    return { name, url, did, mail, handleDomain, adminPassword };
  });
  return {
    url: network.url,
    plc: network.plc,
    mail: network.host().mail,
    control: `http://localhost:${(control.address() as AddressInfo).port}`,
    hosts,
    accounts: Object.fromEntries([...network.accounts].map(([name, account]) => [name, shown(account)])),
  };
}

const shown = ({ host, ...account }: TestAccount) => ({ ...account, host: host.name, url: host.url });

/** Serves the control API on the loopback address, for programs on this machine. */
async function serveControl(network: TestNetwork, restart: () => Promise<void>): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
    };
    steer(network, server, request, restart).then(
      (body) => answer(200, body),
      (thrown: unknown) => answer(400, { error: thrown instanceof Error ? thrown.message : String(thrown) }),
    );
  });
  server.listen(0, LOOPBACK);
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  return server;
}

async function steer(
  network: TestNetwork,
  control: http.Server,
  request: http.IncomingMessage,
  restart: () => Promise<void>,
): Promise<unknown> {
  const { method, url = "/" } = request;
  if (method === "GET" && url === "/") return describe(network, control);
  if (method === "GET" && url === "/logs") return { logs: network.logs };
  // A web page could send a form here without its user's knowledge, but not without this header.
  if (request.headers.origin !== undefined) throw new Error("not for browsers");
  if (method !== "POST") throw new Error(`${method} ${url}: POST is wanted`);
  const given = (await readJson(request)) as Record<string, unknown>;
  if (url === "/accounts") return makeAccount(network, given);
  if (url === "/seed") await network.seed(given);
  else if (url === "/settle") await network.settle();
  else if (url === "/reset") await restart();
  else if (url === "/crash") await network.crash();
  else if (url === "/clock") await moveClock(network, given);
  else throw new Error(`there is no ${url}: /accounts, /seed, /settle, /reset, /crash, /clock`);
  return describe(network, control);
}

async function makeAccount(network: TestNetwork, { name, ...options }: Record<string, unknown>) {
  if (typeof name !== "string") throw new Error('/accounts: {"name": "alice"} is wanted');
  return shown(await network.account(name, options as AccountOptions));
}

async function moveClock(network: TestNetwork, { advance, set }: Record<string, unknown>): Promise<void> {
  if (typeof advance === "string" || typeof advance === "number") {
    await network.clock.advance(advance as Duration);
  } else if (typeof set === "string") await network.clock.set(set);
  else throw new Error('/clock: {"advance": "2h"} or {"set": "2030-01-01T00:00:00Z"} is wanted');
}

async function readJson(request: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > HOST_BODY_BYTES) throw new Error("more than 64 MB");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  if (text === "") return {};
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("a JSON object is wanted");
  return value;
}

const LOOK_MS = 500;

/**
 * Calls `stop` when standard input ends, if it is a pipe or a socket. Also polls the processes above: the
 * parent and, past npm and the shells that npx starts in between, their caller.
 */
function whenParentEnds(stop: () => void): void {
  const input = inputKind();
  if (input?.isFIFO() || input?.isSocket()) {
    process.stdin.on("end", stop).on("error", stop).resume();
  }
  const above = callers();
  setInterval(() => {
    if (process.ppid !== above[0] || above.some((pid) => !isAlive(pid))) stop();
  }, LOOK_MS);
}

/** Null if standard input is closed. */
function inputKind(): Stats | null {
  try {
    return fstatSync(0);
  } catch {
    return null;
  }
}

/** The parent, and the parents above it as long as each only runs a command for its caller. */
function callers(): number[] {
  const found: number[] = [process.ppid];
  for (let pid = process.ppid; pid > 1 && found.length < 6;) {
    const [parent, command] = parentOf(pid);
    if (parent <= 1 || !/\bnpm\b|\bnpx\b|\bpnpm\b|\byarn\b|\bsh -c\b/.test(command)) break;
    found.push(parent);
    pid = parent;
  }
  return found;
}

function parentOf(pid: number): [parent: number, command: string] {
  try {
    if (existsSync("/proc/self/stat")) {
      const [, after = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return [Number(after.split(" ")[1]), command];
    }
    const text = execFileSync("ps", ["-o", "ppid=,args=", "-p", String(pid)], { encoding: "utf8" }).trim();
    const [, parent = "0", command = ""] = /^(\d+)\s+(.*)$/.exec(text) ?? [];
    return [Number(parent), command];
  } catch {
    return [0, ""];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}

export const isExpected = (thrown: unknown): thrown is Error =>
  thrown instanceof LaunchError || thrown instanceof SeedError;
