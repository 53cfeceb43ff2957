/**
 * `npm start`: runs a community host on this machine and prints what to do with it. `npm run dev` also
 * follows the sources. With `-- --unconfigured`, the host waits to be set up, as after a deploy.
 */
import { randomBytes } from "node:crypto";
import { watch } from "node:fs";
import path from "node:path";
import { DEFAULT_PORT, readShell } from "./configuration.ts";
import { DataFolder } from "./data-folder.ts";
import { HostLog } from "./host-log.ts";
import type { RunningHost } from "./host.ts";
import { startHost } from "./host.ts";
import { LaunchError } from "./ports.ts";
import { ROOT } from "./wrangler-file.ts";

/** How many people may sign up with the printed code. */
const INVITED = 10;

try {
  await start();
} catch (thrown) {
  if (!(thrown instanceof LaunchError)) throw thrown;
  console.error(`\n${thrown.message}\n`);
  process.exit(1);
}

async function start(): Promise<void> {
  const { port, dataDir, vars } = readShell();
  const folder = new DataFolder(dataDir);
  process.once("exit", () => folder.release());
  const log = new HostLog(folder.file("host.log"));
  const password = vars.ADMIN_PASSWORD ?? kept(folder, "admin-password");
  const code = process.argv.includes("--unconfigured") ? kept(folder, "setup-code") : null;
  warnOfMove(folder, vars.PUBLIC_URL ?? `http://localhost:${port}`);
  const host = await startHost({
    port,
    outsidePort: port - 1,
    dataDir,
    vars: {
      ...vars,
      ADMIN_PASSWORD: password,
      ...(code === null ? {} : { PUBLIC_URL: "", SETUP_CODE: code }),
    },
    log: (entry) => log.write(entry),
  });
  stopOnSignals(host, log);
  const isClosed = code !== null || vars.REGISTRATION === "closed";
  const invite = isClosed ? null : await inviteCode(host, folder, password);
  if (process.argv.includes("--watch")) followSources(host);
  console.log(welcome({ host, plc: vars.PLC_URL || host.outside, invite, password, folder, port, code }));
}

/** A secret that is generated once and stored, so that it stays the same from start to start. */
function kept(folder: DataFolder, name: "admin-password" | "setup-code"): string {
  const before = folder.read(name);
  if (before !== null) return before;
  const made = randomBytes(12).toString("base64url");
  folder.write(name, made);
  return made;
}

/**
 * Warns if the host's address has changed: members' DID documents name the old address, so others would look
 * for them there.
 */
function warnOfMove(folder: DataFolder, origin: string): void {
  const before = folder.read("origin");
  if (before !== null && before !== origin) {
    console.warn(
      `\nThe accounts in ${folder.path} were made at ${before}; at ${origin} other services will not find them.`,
    );
  } else if (before === null) {
    folder.write("origin", origin);
  }
}

/** The code of the last start if it is still valid, else a new one. Null if nobody needs one. */
async function inviteCode(host: RunningHost, folder: DataFolder, password: string): Promise<string | null> {
  const described = await fetch(`${host.origin}/xrpc/com.atproto.server.describeServer`);
  const { inviteCodeRequired } = (await described.json()) as { inviteCodeRequired: boolean };
  if (!inviteCodeRequired) return null;
  const last = folder.read("invite-code");
  if (last !== null) {
    const open = await host.query(
      "DIRECTORY",
      `SELECT 1 AS open FROM invite_code c WHERE code = ? AND disabled = 0
        AND available_uses > (SELECT count(*) FROM invite_use u WHERE u.code = c.code)`,
      last,
    );
    if (open.length > 0) return last;
  }
  const response = await fetch(`${host.origin}/xrpc/com.atproto.server.createInviteCode`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ useCount: INVITED }),
  });
  if (!response.ok) throw new Error(`no invite code: ${response.status} ${await response.text()}`);
  const { code } = (await response.json()) as { code: string };
  folder.write("invite-code", code);
  return code;
}

interface Welcome {
  host: RunningHost;
  plc: string;
  /** Null if nobody needs one. */
  invite: string | null;
  /** The code that opens set-up; null if the host is set up by itself. */
  code: string | null;
  password: string;
  folder: DataFolder;
  port: number;
}

function welcome({ host, plc, invite, password, folder, port, code }: Welcome): string {
  const shownFolder = folder.path.replace(`${process.cwd()}/`, "");
  const lines = [
    ["Host", host.origin],
    ["PLC directory", plc],
    ["Mailbox", `${host.outside}/mail`],
    ...(code === null ? [] : [["Set-up", `${host.origin}/setup   (code: ${code})`]]),
    ...(invite === null ? [] : [["Invite", `${host.origin}/join/${invite}   (good for ${INVITED} people)`]]),
    ["Admin password", `${password}   (user: admin)`],
    ["Data and log", `${shownFolder}, ${shownFolder}/host.log`],
  ];
  const demo = port === DEFAULT_PORT ? "npm run demo" : `PORT=${port} npm run demo`;
  return [
    "",
    "Atoll is running.",
    "",
    ...lines.map(([name = "", value]) => `  ${name.padEnd(16)}${value}`),
    "",
    "Try next:",
    ...(code === null
      ? [
          `  ${demo.padEnd(30)}  in another terminal: fills it with a small community`,
          `  ${`curl ${host.origin}/xrpc/com.atproto.server.describeServer`}`,
          `  any atproto client: sign up at ${host.origin}, with a handle that ends in .test`,
        ]
      : [
          `  ${host.origin} in a browser: it asks for the code, and serves nothing else until it has an address`,
        ]),
    "",
    "Ctrl-C stops it. A second start finds everything again.",
    "",
  ].join("\n");
}

/** Reloads the running host after each change of the sources, shortly after the last file is saved. */
function followSources(host: RunningHost): void {
  let timer: NodeJS.Timeout | undefined;
  const reload = async () => {
    const started = Date.now();
    try {
      await host.reload();
      console.log(`Reloaded in ${Date.now() - started} ms.`);
    } catch (thrown) {
      if (!(thrown instanceof LaunchError)) throw thrown;
      console.error(thrown.message);
    }
  };
  let reloading = Promise.resolve();
  for (const folder of ["src", "schema", "migrations", "tools/dev/outside"]) {
    watch(path.join(ROOT, folder), { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        reloading = reloading.then(reload);
      }, 100);
    });
  }
}

/** The first signal stops the host in order; a second one exits at once. */
function stopOnSignals(host: RunningHost, log: HostLog): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    void host
      .stop()
      .then(() => log.close())
      .finally(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Miniflare listens too, and would kill the runtime in the middle of its work.
    process.removeAllListeners(signal);
    process.on(signal, stop);
  }
}
