/**
 * `npm run bench:appview` compares members' reads with the reference network (PDS and AppView of
 * `@atproto/dev-env`, on Postgres and Redis) on the same small community. Goal: at most a fifth of its time
 * and CPU.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { startHost } from "../../dev/host.ts";
import { LaunchError } from "../../dev/ports.ts";
import { temporaryFolder } from "../../kit/runtime/temporary.ts";
import { ROOT } from "../../dev/wrangler-file.ts";
import { type PlantedCommunity, plantCommunity } from "./community.ts";
import { type Plan, compareView, measureView } from "./measure.ts";
import { startReferenceNetwork } from "./network.ts";
import { type AppViewReport, TITLES, appViewText } from "./report.ts";
import { type Side, VIEWS, askAtAppView, askAtHost } from "./views.ts";
import { Client } from "../client.ts";
import { DEV_ENV, DEV_ENV_NODE } from "../dev-env.ts";
import { describeMachine, machineBusySeconds } from "../machine.ts";
import { treeCpuSeconds } from "../process.ts";

const USAGE = `npm run bench:appview -- [options]
  --rounds 5      of each view, at each side in turn
  --requests 40   of each view at each side, in one round
  --save          also writes docs/bench/appview.json and appview.md
It needs Postgres and Redis: apt-get install postgresql redis-server`;

const say = (line: string) =>
  console.error(`${(performance.now() / 1000).toFixed(0).padStart(4)} s: ${line}`);

/** Both running hosts, with the community planted on each. */
interface Pair {
  communities: { reference: PlantedCommunity; atoll: PlantedCommunity };
  sides: { reference: Side; appview: Side; atoll: Side };
}

async function bench(plan: Plan, save: boolean): Promise<void> {
  // In memory if there is room, for both: Miniflare's D1, unlike the real one, commits with every read, so a
  // disk would be measured instead.
  const temporary = temporaryFolder();
  // Postgres may have to run as another user, which needs access to its own folder in here.
  chmodSync(temporary.path, 0o711);
  const stops: (() => unknown)[] = [() => temporary.remove()];
  const stop = async () => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
  };
  for (const signal of ["SIGINT", "SIGTERM"])
    process.once(signal, () => void stop().finally(() => process.exit(1)));
  try {
    const pair = await openPair(temporary.path, stops);
    const report = await measure(pair, plan);
    console.log(appViewText(report));
    if (save) write(report);
  } finally {
    await stop();
  }
}

async function openPair(folder: string, stops: (() => unknown)[]): Promise<Pair> {
  say("starting the reference network, and Atoll");
  const network = await startReferenceNetwork(folder);
  stops.push(() => network.stop());
  const vars = { REGISTRATION: "open", RATE_LIMITS: "off" } as const;
  const host = await startHost({ dataDir: path.join(folder, "atoll"), vars });
  stops.push(() => host.stop());
  const clients = {
    pds: new Client(network.pds),
    appview: new Client(network.appview),
    atoll: new Client(host.origin),
  };
  stops.push(() => Object.values(clients).forEach((client) => client.close()));
  say("planting the community on both");
  const now = Date.now();
  const reference = await plantCommunity(clients.pds, now, () => network.settle());
  say("planted on the reference");
  const atoll = await plantCommunity(clients.atoll, now);
  await untilIndexed(host.origin);
  await network.settle();
  const pids = { server: [network.pid], databases: network.databasePids };
  const askAppView = askAtAppView(clients.appview, network.appviewDid, clients.pds, reference);
  return {
    communities: { reference, atoll },
    sides: {
      reference: { title: TITLES.reference, ask: askAtHost(clients.pds, reference), pids },
      appview: { title: TITLES.appview, ask: askAppView, pids },
      atoll: {
        title: TITLES.atoll,
        ask: askAtHost(clients.atoll, atoll),
        pids: { server: [host.pid], databases: [] },
      },
    },
  };
}

/** Waits until our index has taken in all writes. */
async function untilIndexed(origin: string): Promise<void> {
  for (const until = performance.now() + 60_000; performance.now() < until;) {
    const { index } = (await (await fetch(`${origin}/status`)).json()) as { index: { lag: number } };
    if (index.lag === 0) return;
    await sleep(100);
  }
  throw new Error("the index did not catch up");
}

async function measure({ sides, communities }: Pair, plan: Plan): Promise<AppViewReport> {
  const busy = countOthers();
  const views = [];
  for (const view of VIEWS) {
    say(view.name);
    const pairOf = [communities.reference, communities.atoll] as const;
    const comparison = await compareView(view, [sides.reference, sides.atoll], pairOf);
    views.push({ ...(await measureView(view, Object.values(sides), plan)), comparison });
  }
  return {
    machine: describeMachine(),
    othersBusy: busy(),
    reference: `@atproto/dev-env ${DEV_ENV}, Node ${DEV_ENV_NODE}`,
    ...plan,
    views,
  };
}

/**
 * Starts counting. The returned function gives the mean number of cores that other processes have kept busy
 * since; null if not known. All measured processes are below this one.
 */
function countOthers(): () => number | null {
  const count = () => {
    const [all, own] = [machineBusySeconds(), treeCpuSeconds([process.pid])];
    return { at: performance.now(), others: all === null || own === null ? null : all - own };
  };
  const before = count();
  return () => {
    const after = count();
    if (before.others === null || after.others === null) return null;
    return Math.max(0, (after.others - before.others) / ((after.at - before.at) / 1000));
  };
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function write(report: AppViewReport): void {
  const docs = path.join(ROOT, "docs/bench");
  mkdirSync(docs, { recursive: true });
  writeFileSync(path.join(docs, "appview.json"), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(path.join(docs, "appview.md"), `${appViewText(report)}\n`);
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "40" },
    save: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
try {
  if (values.help) console.log(USAGE);
  else await bench({ rounds: Number(values.rounds), requests: Number(values.requests) }, values.save);
} catch (thrown) {
  if (!(thrown instanceof LaunchError)) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}
