/**
 * Postgres and Redis for the reference network: from the system's packages, on loopback, with their own data.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, openSync, readdirSync, accessSync, constants } from "node:fs";
import net from "node:net";
import path from "node:path";
import { LOOPBACK, LaunchError, randomPort } from "../dev/ports.ts";
import { watch } from "../dev/runtime-processes.ts";

export interface Service {
  pid: number | null;
  stop(): Promise<void>;
}

export interface Databases {
  /** Environment for the reference network. */
  env: Record<string, string>;
  pids: (number | null)[];
  stop(): Promise<void>;
}

/** Paths of their programs. */
interface Binaries {
  initdb: string;
  postgres: string;
  redis: string;
}

interface Start {
  /** User to run as; absent: the current one. */
  uid?: number | undefined;
  env?: Record<string, string>;
  /** Signal that ends it at once; its data is not needed any more. Default: SIGKILL. */
  signal?: NodeJS.Signals;
  ipc?: boolean;
}

const DEBIAN_POSTGRES = "/usr/lib/postgresql";

/** Finds the programs. Throws a `LaunchError` that says what to install. */
export function findDatabases(): Binaries {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  // Debian keeps the server's programs off the PATH, in a folder per version.
  const debian = entriesOf(DEBIAN_POSTGRES).toSorted((a, b) => Number(b) - Number(a));
  const all = [...debian.map((version) => path.join(DEBIAN_POSTGRES, version, "bin")), ...folders];
  const find = (name: string) => all.map((folder) => path.join(folder, name)).find(isProgram);
  const [initdb, postgres, redis] = [find("initdb"), find("postgres"), find("redis-server")];
  if (initdb === undefined || postgres === undefined || redis === undefined) {
    throw new LaunchError(
      "The reference network needs Postgres and Redis on this machine: apt-get install postgresql redis-server",
    );
  }
  return { initdb, postgres, redis };
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts both with their data below `folder`, which other users must be able to traverse. */
export async function startDatabases(binaries: Binaries, folder: string): Promise<Databases> {
  const [postgresPort, redisPort] = [await randomPort(), await randomPort()];
  const redis = startRedis(binaries, path.join(folder, "redis"), redisPort);
  const postgres = startPostgres(binaries, path.join(folder, "postgres"), postgresPort);
  const stop = async () => void (await Promise.all([postgres.stop(), redis.stop()]));
  try {
    await Promise.all([untilListening(postgresPort, postgres), untilListening(redisPort, redis)]);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return {
    env: {
      DB_POSTGRES_URL: `postgresql://atoll@${LOOPBACK}:${postgresPort}/postgres`,
      DB_POSTGRES_SCHEMA: "bench",
      REDIS_HOST: `${LOOPBACK}:${redisPort}`,
    },
    pids: [postgres.pid, redis.pid],
    stop,
  };
}

/**
 * Starts Postgres with trust authentication: it listens on loopback for some minutes and has only generated
 * data.
 */
function startPostgres({ initdb, postgres }: Binaries, folder: string, port: number): Service {
  const uid = postgresUser();
  mkdirSync(folder, { recursive: true });
  if (uid !== undefined) chownSync(folder, uid, -1);
  const data = path.join(folder, "data");
  const how = ["--username=atoll", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
  execFileSync(initdb, ["-D", data, ...how], { uid, cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const settings = [
    `listen_addresses=${LOOPBACK}`,
    `port=${port}`,
    "unix_socket_directories=",
    // Reads are measured, and no write must outlive this run. This only shortens the seeding.
    "fsync=off",
  ];
  const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
  // SIGQUIT skips the checkpoint, but ends the children and frees the shared memory, which SIGKILL leaves
  // behind.
  return startService(postgres, args, folder, { uid, signal: "SIGQUIT" }).service;
}

/**
 * The user to run Postgres as; undefined: the current one. Postgres refuses to run as root; its package has a
 * user.
 */
function postgresUser(): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  try {
    return Number(execFileSync("id", ["-u", "postgres"], { encoding: "utf8" }));
  } catch {
    throw new LaunchError(
      "Postgres does not run as root, and there is no user `postgres`: start this as another user.",
    );
  }
}

function startRedis({ redis }: Binaries, folder: string, port: number): Service {
  mkdirSync(folder, { recursive: true });
  const args = ["--port", String(port), "--bind", LOOPBACK, "--save", "", "--appendonly", "no"];
  return startService(redis, args, folder).service;
}

/**
 * Starts a program in `folder`, where its log goes too. It does not outlive this process, however this one
 * ends.
 */
export function startService(
  command: string,
  args: string[],
  folder: string,
  { uid, env, signal = "SIGKILL", ipc = false }: Start = {},
): { child: ChildProcess; service: Service } {
  const log = openSync(path.join(folder, "server.log"), "a");
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ["ignore", log, log, ...(ipc ? ["ipc" as const] : [])],
    ...(uid === undefined ? {} : { uid }),
    ...(env === undefined ? {} : { env }),
  });
  // If this process is killed, the watcher also removes the parent folder of all services.
  const watcher = watch(child, path.dirname(folder), signal);
  const gone = once(child, "close");
  // Must come before the watcher's standard input closes, which it would take for this process's death.
  void gone.then(() => watcher?.kill("SIGKILL"));
  return {
    child,
    service: {
      pid: child.pid ?? null,
      async stop() {
        child.kill(signal);
        await gone;
      },
    },
  };
}

async function untilListening(port: number, { pid }: Service): Promise<void> {
  for (const until = performance.now() + 20_000; performance.now() < until;) {
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port}, where process ${pid} should`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, LOOPBACK);
    socket.once("connect", () => socket.end(() => resolve(true)));
    socket.once("error", () => resolve(false));
  });
}
