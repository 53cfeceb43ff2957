// Measures one network of one contestant from inside its process: the cost for a test file. Prints a line of
// JSON. Arguments: "atoll" or "dev-env", and the module to import.
import { readFileSync, readdirSync } from "node:fs";

const ACCOUNTS = 32;
const [kind, module] = process.argv.slice(2);
const contestants = {
  atoll: async ({ createTestNetwork }) => {
    const network = await createTestNetwork();
    return {
      url: network.url,
      reset: () => network.reset(),
      account: (name) => network.account(name),
      login: async () => void (await network.agent("member0").getTimeline()),
      close: () => network.dispose(),
    };
  },
  "dev-env": async ({ TestNetworkNoAppView }) => {
    const create = () => TestNetworkNoAppView.create({});
    let network = await create();
    const agents = new Map();
    return {
      url: network.pds.url,
      // It has no other way to reset.
      reset: async () => {
        await network.close();
        network = await create();
      },
      account: async (name) => {
        const agent = network.pds.getAgent();
        const password = `${name}-password`;
        await agent.createAccount({ handle: `${name}.test`, email: `${name}@example.test`, password });
        agents.set(name, agent);
      },
      login: async () => void (await agents.get("member0").com.atproto.server.getSession()),
      close: () => network.close(),
    };
  },
};

const begun = performance.now();
const measured = {};
const since = (at) => performance.now() - at;
const imported = await import(module);
measured.import = since(begun);
const network = await contestants[kind](imported);
// From nothing to the first answer, including imports.
await (await fetch(`${network.url}/xrpc/com.atproto.server.describeServer`)).json();
measured.ready = since(begun);
measured.megabytesReady = megabytes();
let at = performance.now();
await Promise.all(Array.from({ length: ACCOUNTS }, (_, i) => network.account(`member${i}`)));
measured.accounts = since(at);
measured.megabytesAccounts = megabytes();
await network.login();
measured.megabytesAgents = megabytes();
const resets = [];
for (let i = 0; i < 3; i++) {
  at = performance.now();
  await network.reset();
  resets.push(since(at));
  await network.account(`again${i}`);
}
measured.reset = resets.toSorted((a, b) => a - b)[1];
at = performance.now();
await network.close();
measured.close = since(at);
console.log(`RESULT ${JSON.stringify(measured)}`);
process.exit(0);

/** Resident memory of this process and all below it, in 10^6 bytes. */
function megabytes() {
  const children = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")[1];
      children.set(parent, [...(children.get(parent) ?? []), pid]);
    } catch {
      // The process has ended in the meantime.
    }
  }
  const sum = (pid) => {
    const [, kilobytes = "0"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kilobytes) * 1024 + (children.get(pid) ?? []).reduce((all, child) => all + sum(child), 0);
  };
  return sum(String(process.pid)) / 1e6;
}
