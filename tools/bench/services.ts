/** Postgres and Redis as the reference network needs them: from the system's packages, on loopback, on data of their own. */
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
  /** What the reference network reads from its environment. */
  env: Record<string, string>;
  pids: (number | null)[];
  stop(): Promise<void>;
}

/** Where their programs are. */
interface Binaries {
  initdb: string;
  postgres: string;
  redis: string;
}

interface Start {
  /** Run as another user; absent: as this one. */
  uid?: number | undefined;
  env?: Record<string, string>;
  /** Ends it at once: nothing of its data is wanted any more. Default: SIGKILL. */
  signal?: NodeJS.Signals;
  ipc?: boolean;
}

const DEBIAN_POSTGRES = "/usr/lib/postgresql";

/** Throws a `LaunchError` that says what to install. */
export function findDatabases(): Binaries {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  // Debian keeps the server's programs, version by version, off the PATH.
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

/** Below `folder`, which users other than this one must be able to pass through. */
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

/** Trust is enough: it listens on loopback, for some minutes, and knows nothing but made-up people. */
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
    // Reads are measured, and what is written need not outlive this run: it only shortens the seeding.
    "fsync=off",
  ];
  const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
  // SIGQUIT: without a checkpoint, but with its children and its shared memory, which SIGKILL leaves behind.
  return startService(postgres, args, folder, { uid, signal: "SIGQUIT" }).service;
}

/** Postgres refuses to run as root; its package brings a user. Undefined: this user will do. */
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

/** In `folder`, where it also writes its log; it does not outlive this process, however that ends. */
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
  // If this process is killed: the folder that all services have theirs in goes, too.
  const watcher = watch(child, path.dirname(folder), signal);
  const gone = once(child, "close");
  // Before its standard input closes: it would take that for this process's death.
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
