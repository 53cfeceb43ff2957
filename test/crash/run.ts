/**
 * `npm run test:crash -- --kills 20`: kills the runtime with SIGKILL, again and again, while members write, and
 * people sign up, move in, change handle and state, are taken down, and leave. Then it compares repo, both
 * streams, index and directory with what was acknowledged. `--seed` repeats a run's random choices.
 */
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import type { RunningHost } from "../../tools/dev/host.ts";
import { startHost } from "../../tools/dev/host.ts";
import { randomFrom } from "../../tools/seed/random.ts";
import { xrpc } from "../../tools/dev/xrpc-client.ts";
import { findFaults } from "./checks.ts";
import { Changes, Takedowns } from "./lives/changes.ts";
import { Deletions, SignUps } from "./lives/comings.ts";
import type { Life } from "./lives/life.ts";
import { Caller } from "./lives/life.ts";
import { Moves } from "./lives/moves.ts";
import type { Heard } from "./listeners.ts";
import { Listener, Replayers, listeningFaults } from "./listeners.ts";
import { replayWords } from "./observed.ts";
import type { Account, Ledger } from "./writers.ts";
import { Writer } from "./writers.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: process.env.KILLS ?? "20" },
    seed: { type: "string", default: process.env.SEED ?? String(randomInt(1_000_000)) },
  },
});
const KILLS = Number(values.kills);
const SEED = values.seed;
/** Enough for a kill to hit a host at work every few seconds. */
const WRITES = 50 * KILLS;
/** Nothing may take longer than this, in milliseconds: a kill with its restart, and all that comes after. */
const MOST_MS = KILLS * 10_000 + 110_000;
const ACCOUNTS = 4;
const WRITERS_EACH = 2;
/** How long an act may take that nobody finishes: a minute, and some for the machine. */
const SETTLED_MS = 75_000;

const random = randomFrom(SEED);
const folder = mkdtempSync(path.join(tmpdir(), "atoll-crash-"));
console.log(`${KILLS} kills in ${WRITES} writes, seed ${SEED}`);
const host = await startHost({
  dataDir: folder,
  vars: { REGISTRATION: "open", RATE_LIMITS: "off", ADMIN_PASSWORD: "crash" },
});
let faults: string[];
try {
  faults = await Promise.race([run(host), tooLong()]);
} finally {
  await host.stop();
}
if (faults.length === 0) {
  rmSync(folder, { recursive: true, force: true });
} else {
  for (const fault of faults.slice(0, 40)) console.error(`  ${fault}`);
  console.error(
    `${faults.length} faults. Data kept in ${folder}; again: npm run test:crash -- --kills ${KILLS} --seed ${SEED}`,
  );
  process.exitCode = 1;
}

async function tooLong(): Promise<string[]> {
  await pause(MOST_MS, true);
  return [`stuck: not done after ${MOST_MS / 1000} s`];
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
  const lives = await livesOn(running);
  await Promise.all([
    killer(running, ledger, progress),
    ...writers.map(async (writer) => {
      // Goes on until everything is written and the last kill has hit a host at work.
      while (ledger.acknowledged < WRITES || progress.kills < KILLS) await writer.write();
    }),
    ...lives.map(async (life) => {
      while (progress.kills < KILLS) await life.step();
    }),
  ]);
  await running.crash();
  console.log(
    `${progress.kills + 1} kills, ${ledger.acknowledged} writes acknowledged, ${ledger.unknown} unknown, ` +
      `${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
  replayers.stop();
  const found = await findFaults(running, accounts, ledger);
  found.push(...(await lifeFaults(running, lives)));
  found.push(...(await streamFaults(running.origin, staying, replayers)));
  if (found.length === 0) {
    console.log(
      "Nothing lost, nothing stuck, nothing twice; directory, repos, both streams and index agree.",
    );
  }
  return found;
}

async function livesOn({ origin, outside }: RunningHost): Promise<Life[]> {
  const caller = new Caller(origin, outside);
  const { did } = (await xrpc(origin, "com.atproto.server.describeServer")) as { did: string };
  const pairs = await Promise.all([1, 2].map(() => [Changes.begin(caller), Takedowns.begin(caller)]).flat());
  return [
    ...pairs,
    ...[1, 2].flatMap(() => [new SignUps(caller), new Deletions(caller), new Moves(caller, did)]),
  ];
}

/** Lets people finish what they began, and the host what died. */
async function lifeFaults(running: RunningHost, lives: readonly Life[]): Promise<string[]> {
  const faults: string[] = [];
  const since = Date.now();
  await Promise.all(lives.map(async (life) => life.finish?.()));
  const unsettled = () => running.query("DIRECTORY", "SELECT * FROM unsettled WHERE kind <> 'depart'");
  while ((await unsettled()).length > 0 && Date.now() - since < SETTLED_MS) await pause(500);
  for (const act of await unsettled()) faults.push(`stuck: ${JSON.stringify(act)}`);
  const half = await running.query(
    "DIRECTORY",
    "SELECT did FROM account WHERE state IN ('reserved', 'deleted')",
  );
  for (const { did } of half) faults.push(`stuck: ${did} in the directory`);
  console.log(`All settled after ${((Date.now() - since) / 1000).toFixed(1)} s`);
  const told = await replayWords(running.origin, 1_000);
  for (const life of lives) faults.push(...(await life.faults({ told })));
  return faults;
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
  const gone = deletedIn(await replayWords(origin, 1_000));
  const faults = listeningFaults([...staying, ...done], { repos: repos.heard, json: json.heard }, gone);
  const staysIn = (heard: readonly Heard[]) => heard.filter(({ did }) => !gone.has(did)).length;
  for (const { stream, heard } of staying) {
    const whole = staysIn((stream === "repos" ? repos : json).heard);
    if (staysIn(heard) !== whole) {
      faults.push(`${stream}: ${staysIn(heard)} messages heard, not ${whole}`);
    }
  }
  const connections = staying.reduce((sum, listener) => sum + listener.connections, 0);
  console.log(
    `${repos.heard.length} events and ${json.heard.length} entries over ${connections} connections that went on, ` +
      `${done.length} replays`,
  );
  return faults;
}

function deletedIn(told: Map<string, string[]>): Set<string> {
  return new Set([...told].filter(([, words]) => words.includes("account deleted")).map(([did]) => did));
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

/** `idle`: does not keep the process alive. */
function pause(ms: number, idle = false): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    if (idle) timer.unref();
  });
}
