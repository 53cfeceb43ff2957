/**
 * `npm run test:kit [-- oneAfterAnother | atOnce | killed]`, after the kit's tests, checks its promises in
 * large numbers. A hundred networks, made and disposed of in sequence, leave no process, port, folder or
 * memory behind. Eight at once do not disturb each other. No network outlives its process, however that
 * ended. Linux only: it reads /proc.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createTestNetwork } from "../../tools/kit/index.ts";

const NETWORKS = 100;
const AT_ONCE = 8;
/** This process's memory may grow by this much over all networks. */
const MEMORY_BYTES = 40e6;

/** How a runner may end, and the resulting exit code or signal. */
const ENDS = { SIGKILL: "SIGKILL", SIGINT: "SIGINT", SIGTERM: "SIGTERM", end: 0, exit: 3, throw: 1 };

/** The folder of all networks: other processes on this machine may run networks too. */
const folder = mkdtempSync(path.join(tmpdir(), "kit-run-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const parts = { oneAfterAnother, atOnce, killed };
const [, , only] = process.argv;
for (const [name, part] of Object.entries(parts)) if (only === undefined || only === name) await part();
console.log("All is as promised.");
process.exit(0);

async function oneAfterAnother(): Promise<void> {
  for (let i = 0; i < 3; i++) await useOne();
  const before = left();
  const memory = heldMemory();
  for (let begun = performance.now(), i = 1; i <= NETWORKS; i++) {
    await useOne();
    if (i % 20 > 0) continue;
    const each = Math.round((performance.now() - begun) / 20);
    console.log(`  ${i} networks, ${each} ms each, ${Math.round(heldMemory() / 1e6)} MB`);
    begun = performance.now();
  }
  const growth = heldMemory() - memory;
  await expectSame("one after another", before);
  if (growth > MEMORY_BYTES)
    throw new Error(`${NETWORKS} networks left ${Math.round(growth / 1e6)} MB behind`);
  console.log(
    `${NETWORKS} networks left nothing behind (${(growth / 1e6).toFixed(1)} MB more in this process)`,
  );
}

/** Uses one network a little: an account, a firehose, a request to the outside. */
async function useOne(): Promise<void> {
  await using network = await createTestNetwork({ folder });
  const { did } = await network.account("alice");
  await network.firehose().until((event) => event.did === did);
  await network.host().memberOf("nobody.example.com");
}

async function atOnce(): Promise<void> {
  const before = left();
  const begun = performance.now();
  const networks = await Promise.all(Array.from({ length: AT_ONCE }, () => createTestNetwork({ folder })));
  const ready = performance.now() - begun;
  await Promise.all(
    networks.map(async (network, i) => {
      await network.seed({
        accounts: [{ name: "alice" }, { name: "bob" }],
        follows: { bob: ["alice"] },
        posts: [{ id: "only", by: "alice", text: `of network ${i}`, likedBy: ["bob"] }],
      });
      await network.clock.advance(`${i}d`);
      if (i % 2 === 0) await network.crash();
      await network.settle();
      const { data } = await network.agent("bob").getTimeline();
      const texts = data.feed.map(({ post }) => (post.record as { text?: unknown }).text);
      if (texts.join() !== `of network ${i}`) throw new Error(`network ${i} shows ${texts.join()}`);
      if (i % 2 === 1) await network.reset();
      if (i % 2 === 0) await network.firehose().until((event) => event.kind === "commit");
      else if (network.accounts.size !== 0) throw new Error(`network ${i} was reset, and has accounts`);
    }),
  );
  await Promise.all(networks.map((network) => network.dispose()));
  await expectSame("at once", before);
  console.log(`${AT_ONCE} networks at once: ready in ${Math.round(ready)} ms, each its own`);
}

/** A runner that is killed leaves nothing behind, nor does one that ends without disposing. */
async function killed(): Promise<void> {
  for (const [how, expected] of Object.entries(ENDS)) {
    const before = left();
    const script = path.join(import.meta.dirname, "careless.ts");
    const child = spawn(process.execPath, [script, how, folder], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, "exit");
    if (how.startsWith("SIG")) {
      await Promise.race([once(child.stdout, "data"), ended]);
      child.kill(how as NodeJS.Signals);
    }
    const [code, signal] = (await ended) as [number | null, string | null];
    if ((signal ?? code) !== expected) throw new Error(`${how}: ended with ${signal ?? code}\n${said}`);
    await expectSame(how, before);
  }
  console.log("A runner that is killed, ends or throws leaves nothing behind");
}

interface Left {
  /** Command lines of runtimes and watchers. */
  processes: string[];
  folders: string[];
  /** Sockets and files that this process holds open. */
  descriptors: number;
}

function left(): Left {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      const command = readFile(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
      return command.includes(`${folder}/`) ? [`${pid} ${command}`] : [];
    });
  const descriptors = readdirSync("/proc/self/fd").filter((fd) => /socket|pipe|atoll/.test(link(fd))).length;
  return { processes, folders: readdirSync(folder), descriptors };
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function link(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

/** Whether anything is left that was not there before. */
function differs(now: Left, before: Left): boolean {
  return (
    now.processes.some((one) => !before.processes.includes(one)) ||
    now.folders.some((one) => !before.folders.includes(one)) ||
    now.descriptors > before.descriptors + 4
  );
}

/** A watcher that was told to end, or that notices a death, exits a moment later. */
async function expectSame(what: string, before: Left): Promise<void> {
  for (let tries = 0; tries < 50 && differs(left(), before); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const now = left();
  if (differs(now, before))
    throw new Error(`${what}: left behind ${JSON.stringify({ before, now }, null, 2)}`);
}

function heldMemory(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss;
}
