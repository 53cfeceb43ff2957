/**
 * `npm run test:crash`: kills the runtime with SIGKILL, again and again, during a thousand writes and replays.
 * Then it compares repo, both streams and index with the acknowledged writes. KILLS, WRITES and SEED may be
 * set; a run prints its seed.
 */
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { RunningHost } from "../../tools/dev/host.ts";
import { startHost } from "../../tools/dev/host.ts";
import { randomFrom } from "../../tools/seed/random.ts";
import { xrpc } from "../../tools/dev/xrpc-client.ts";
import { findFaults } from "./checks.ts";
import { Listener, Replayers, listeningFaults } from "./listeners.ts";
import type { Account, Ledger } from "./writers.ts";
import { Writer } from "./writers.ts";

const KILLS = Number(process.env.KILLS ?? 20);
const WRITES = Number(process.env.WRITES ?? 1_000);
const SEED = process.env.SEED ?? String(randomInt(1_000_000));
const ACCOUNTS = 4;
const WRITERS_EACH = 2;

const random = randomFrom(SEED);
const folder = mkdtempSync(path.join(tmpdir(), "atoll-crash-"));
console.log(`${KILLS} kills in ${WRITES} writes, seed ${SEED}`);
const host = await startHost({
  dataDir: folder,
  vars: { REGISTRATION: "open", RATE_LIMITS: "off", ADMIN_PASSWORD: "crash" },
});
let faults: string[];
try {
  faults = await run(host);
} finally {
  await host.stop();
}
if (faults.length === 0) {
  rmSync(folder, { recursive: true, force: true });
} else {
  for (const fault of faults.slice(0, 40)) console.error(`  ${fault}`);
  console.error(`${faults.length} faults. Data kept in ${folder}; again: SEED=${SEED} npm run test:crash`);
  process.exitCode = 1;
}

async function run(running: RunningHost): Promise<string[]> {
  const accounts: Account[] = [];
  for (let i = 0; i < ACCOUNTS; i++) accounts.push(await signUp(running.origin, `writer${i}`));
  const ledger: Ledger = { records: new Map(), together: [], acknowledged: 0, unknown: 0 };
  const progress = { kills: 0, done: false };
  const writers = accounts.flatMap((account, i) =>
    Array.from({ length: WRITERS_EACH }, (_, j) => {
      const clockId = i * WRITERS_EACH + j;
      return new Writer(running.origin, account, ledger, randomFrom(`${SEED} ${clockId}`), clockId);
    }),
  );
  const started = Date.now();
  const staying = [new Listener(running.origin, "repos"), new Listener(running.origin, "json")];
  const replayers = new Replayers(running.origin);
  await Promise.all([
    killer(running, ledger, progress),
    ...writers.map(async (writer) => {
      // Goes on until everything is written and the last kill has hit a host at work.
      while (ledger.acknowledged < WRITES || progress.kills < KILLS) await writer.write();
    }),
  ]);
  await running.crash();
  console.log(
    `${progress.kills + 1} kills, ${ledger.acknowledged} writes acknowledged, ${ledger.unknown} unknown, ` +
      `${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
  replayers.stop();
  const found = await findFaults(running, accounts, ledger);
  found.push(...(await streamFaults(running.origin, staying, replayers)));
  if (found.length === 0) {
    console.log("Nothing lost, nothing twice; repo, both streams and index agree.");
  }
  return found;
}

/** Compares what was heard during the kills with what is heard now. */
async function streamFaults(
  origin: string,
  staying: readonly Listener[],
  { done }: Replayers,
): Promise<string[]> {
  const [repos, json] = [new Listener(origin, "repos"), new Listener(origin, "json")];
  for (const listener of [repos, json, ...staying]) await listener.quiet(1_000);
  for (const listener of [repos, json, ...staying]) listener.stop();
  const faults = listeningFaults([...staying, ...done], { repos: repos.heard, json: json.heard });
  for (const { stream, heard } of staying) {
    const whole = (stream === "repos" ? repos : json).heard.length;
    if (heard.length !== whole) faults.push(`${stream}: ${heard.length} messages heard, not ${whole}`);
  }
  const connections = staying.reduce((sum, listener) => sum + listener.connections, 0);
  console.log(
    `${repos.heard.length} events and ${json.heard.length} entries over ${connections} connections that went on, ` +
      `${done.length} replays`,
  );
  return faults;
}

/** Kills at random moments, spread over the writes. */
async function killer(running: RunningHost, ledger: Ledger, progress: { kills: number }): Promise<void> {
  while (progress.kills < KILLS) {
    const due = ((progress.kills + random()) * WRITES) / KILLS;
    const since = Date.now();
    // A write that hangs must not delay the next kill forever.
    while (ledger.acknowledged < due && Date.now() - since < 5_000) await pause(2);
    await pause(random() * 25);
    await running.crash();
    progress.kills++;
  }
}

async function signUp(origin: string, name: string): Promise<Account> {
  const input = { handle: `${name}.test`, email: `${name}@example.test`, password: `${name}-password` };
  const session = (await xrpc(origin, "com.atproto.server.createAccount", { input })) as {
    did: string;
    accessJwt: string;
  };
  return { name, did: session.did, authorization: `Bearer ${session.accessJwt}` };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
