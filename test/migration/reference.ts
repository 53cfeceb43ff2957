/** The reference PDS from npm, on the same PLC directory and mailbox as our host. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { environmentOf, installReference } from "../../tools/bench/reference.ts";
import { freePort } from "../../tools/dev/ports.ts";

export interface Reference {
  readonly origin: string;
  /** Sends SIGKILL, then restarts the PDS on its data. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** @param domain of its handles, including the dot */
export async function startReference(folder: string, outside: string, domain: string): Promise<Reference> {
  const { binary, folder: installed } = await installReference(console.log);
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const log = openSync(path.join(folder, "server.log"), "a");
  const env = {
    ...environmentOf(port, folder, outside),
    PDS_SERVICE_DID: `did:web:localhost%3A${port}`,
    PDS_SERVICE_HANDLE_DOMAINS: domain,
    // This address gets no requests, but without an AppView the reference has no preferences.
    PDS_BSKY_APP_VIEW_URL: "https://appview.invalid",
    PDS_BSKY_APP_VIEW_DID: "did:web:appview.invalid",
    MAILBOX: `${outside}/mail`,
  };
  const script = path.join(import.meta.dirname, "reference-server.mjs");
  const launch = async (): Promise<ChildProcess> => {
    const child = spawn(binary, [script, installed], { env, stdio: ["ignore", log, log] });
    while (child.exitCode === null) {
      const answer = await fetch(`${origin}/xrpc/_health`).catch(() => null);
      if (answer?.ok) return child;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the reference PDS stopped as it started; see ${folder}/server.log`);
  };
  let running = await launch();
  let ending = false;
  /**
   * Restarts the PDS like a supervisor. Under load it has been seen to abort by itself (better-sqlite3,
   * during garbage collection).
   */
  const keepUp = () =>
    running.once("exit", (code, signal) => {
      if (ending) return;
      console.warn(`the reference PDS ended by itself (${signal ?? code}), and is started again`);
      void launch().then((child) => {
        running = child;
        keepUp();
      });
    });
  keepUp();
  const stop = async () => {
    ending = true;
    await end(running);
    ending = false;
  };
  return {
    origin,
    async crash() {
      await stop();
      running = await launch();
      keepUp();
    },
    stop,
  };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
