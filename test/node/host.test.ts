import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataFolder } from "../../tools/dev/data-folder.ts";
import { ROOT } from "../../tools/dev/wrangler-file.ts";
import type { LogEntry } from "../../tools/dev/host-log.ts";
import type { RunningHost } from "../../tools/dev/host.ts";
import { startHost } from "../../tools/dev/host.ts";
import { basic, xrpc } from "../../tools/dev/xrpc-client.ts";

const vars = { REGISTRATION: "open", RATE_LIMITS: "off", ADMIN_PASSWORD: "secret-of-the-admin" } as const;
const folder = mkdtempSync(path.join(tmpdir(), "atoll-host-"));
const logged: LogEntry[] = [];
let host: RunningHost;

beforeAll(async () => {
  host = await startHost({ dataDir: folder, vars, log: (entry) => logged.push(entry) });
});
afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
});

const signUp = (name: string) =>
  xrpc(host.origin, "com.atproto.server.createAccount", {
    input: { handle: `${name}.test`, email: `${name}@example.test`, password: `${name}-password` },
  }) as Promise<{ did: string; accessJwt: string }>;

describe("a host on this machine", () => {
  test("is known by the origin that it serves", async () => {
    const described = await xrpc(host.origin, "com.atproto.server.describeServer");
    const port = new URL(host.origin).port;
    expect(described).toMatchObject({ did: `did:web:localhost%3A${port}`, availableUserDomains: [".test"] });
  });

  test("answers for a member by the Host header", async () => {
    const { did } = await signUp("carla");
    expect(await getAs("carla.test", "/.well-known/atproto-did")).toBe(did);
  });

  test("answers for a member who is switched off, who resolves their handle to come back", async () => {
    const { did, accessJwt } = await signUp("clara");
    await xrpc(host.origin, "com.atproto.server.deactivateAccount", {
      input: {},
      authorization: `Bearer ${accessJwt}`,
    });
    expect(await getAs("clara.test", "/.well-known/atproto-did")).toBe(did);
  });

  test("registers members at the embedded directory, which others may read", async () => {
    const { did } = await signUp("dora");
    const document = await (await fetch(`${host.outside}/${did}`)).json();
    expect(document).toMatchObject({ id: did, alsoKnownAs: ["at://dora.test"] });
  });

  test("finds everything again after kill -9", async () => {
    const { did, accessJwt } = await signUp("emil");
    const pid = host.pid;
    await host.crash();
    expect(host.pid).not.toBe(pid);
    const session = await xrpc(host.origin, "com.atproto.server.getSession", {
      authorization: `Bearer ${accessJwt}`,
    });
    expect(session).toMatchObject({ did, handle: "emil.test" });
  });

  test("logs each request on a line, and no secret", async () => {
    const authorization = basic("admin", vars.ADMIN_PASSWORD);
    await xrpc(host.origin, "com.atproto.server.createInviteCode", { input: { useCount: 1 }, authorization });
    await signUp("fritz");
    const lines = logged.map(({ message }) => message);
    expect(lines.some((line) => line.includes("com.atproto.server.createInviteCode"))).toBe(true);
    const text = lines.join("\n");
    for (const secret of [vars.ADMIN_PASSWORD, "fritz-password", "fritz@example.test", authorization]) {
      expect(text).not.toContain(secret);
    }
  });

  test("is refused in words where its port is taken", async () => {
    const port = Number(new URL(host.origin).port);
    await expect(startHost({ port })).rejects.toThrow(`Port ${port}, for the host, is taken.`);
  });

  test("claims its folder, so that no second host writes there", () => {
    const other = mkdtempSync(path.join(tmpdir(), "atoll-folder-"));
    const claimed = new DataFolder(other);
    expect(() => new DataFolder(other)).toThrow("A host is already running");
    claimed.release();
    new DataFolder(other).release();
    rmSync(other, { recursive: true });
  });

  test("lets go of its folder with its process, killed or not", async () => {
    const other = mkdtempSync(path.join(tmpdir(), "atoll-folder-"));
    const module = pathToFileURL(path.join(ROOT, "tools/dev/data-folder.ts")).href;
    const script = `import { DataFolder } from ${JSON.stringify(module)}; new DataFolder(process.argv[1]); console.log("held"); setInterval(() => {}, 1000)`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script, other]);
    await once(holder.stdout, "data");
    expect(() => new DataFolder(other)).toThrow("A host is already running");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    new DataFolder(other).release();
    rmSync(other, { recursive: true });
  });
});

describe("a host without a folder", () => {
  test("leaves neither process, port nor folder behind", async () => {
    const temporary = await startHost({ vars });
    const { pid, origin } = temporary;
    expect(isAlive(pid)).toBe(true);
    await temporary.stop();
    await temporary.stop();
    expect(isAlive(pid)).toBe(false);
    await expect(fetch(origin)).rejects.toThrow();
  });
});

function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The body of a GET with its own Host header, which `fetch` does not allow. */
function getAs(hostname: string, pathname: string): Promise<string> {
  const { port } = new URL(host.origin);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), "127.0.0.1");
    let text = "";
    socket.on("data", (data) => (text += data.toString()));
    socket.on("error", reject);
    socket.on("end", () => resolve(text.slice(text.indexOf("\r\n\r\n") + 4)));
    socket.write(`GET ${pathname} HTTP/1.0\r\nHost: ${hostname}\r\n\r\n`);
  });
}
