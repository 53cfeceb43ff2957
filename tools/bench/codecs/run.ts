/**
 * `npm run bench:codecs` measures what the host's codecs and signing cost beside the libraries that could do
 * the same, in turns within one workerd. Figures are CPU time, so they hold on a busy machine. `--save` writes
 * docs/bench/codecs.md.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { bundleOptions, modulesOf } from "../../dev/bundle.ts";
import { LOOPBACK, freePort } from "../../dev/ports.ts";
import { ROOT, readWranglerFile } from "../../dev/wrangler-file.ts";
import { median } from "../load.ts";
import { describeMachine } from "../machine.ts";
import { figure, printTable } from "../print-table.ts";
import { listenerOf, threadMicroseconds } from "../process.ts";

/** CPU time of one turn, and turns of each contestant. */
const TURN_MICROSECONDS = 40_000;
const TURNS = 11;

interface Listed {
  title: string;
  names: string[];
}

const { values } = parseArgs({ options: { save: { type: "boolean" } } });
const { outputFiles } = await build({ ...bundleOptions("tools/bench/codecs/worker.ts"), write: false });
const port = await freePort();
const runtime = new Miniflare(
  convertV4MiniflareOptions({
    host: LOOPBACK,
    port: 0,
    cf: false,
    workers: [
      {
        name: "codecs",
        modules: modulesOf(outputFiles, "worker"),
        ...readWranglerFile().compatibility,
        unsafeDirectSockets: [{ host: LOOPBACK, port }],
      },
    ],
  }),
);

async function ask(query: string): Promise<string> {
  const response = await fetch(`http://${LOOPBACK}:${port}/?${query}`);
  if (!response.ok) throw new Error(`${query}: ${response.status} ${await response.text()}`);
  return response.text();
}

try {
  await runtime.ready;
  const pid = listenerOf(port);
  const cost = async (title: string, name: string, times: number): Promise<number> => {
    const before = threadMicroseconds(pid);
    await ask(new URLSearchParams({ title, name, times: String(times) }).toString());
    return threadMicroseconds(pid) - before;
  };
  const listed: Listed[] = JSON.parse(await ask(""));
  const columns = [...new Set(listed.flatMap(({ names }) => names))];
  const lines: string[][] = [["µs of CPU each", ...columns]];
  for (const { title, names } of listed) {
    const times = new Map<string, number>();
    for (const name of names) {
      let count = 1;
      while ((await cost(title, name, count)) < TURN_MICROSECONDS) count *= 2;
      times.set(name, count);
    }
    const turns = new Map<string, number[]>(names.map((name) => [name, []]));
    for (let turn = 0; turn < TURNS; turn++)
      for (const name of names) {
        const [count, idle] = [times.get(name) ?? 1, await cost(title, name, 0)];
        turns.get(name)?.push(((await cost(title, name, count)) - idle) / count);
      }
    const host = median(turns.get("host") ?? []);
    const cell = (name: string) => {
      const one = turns.get(name);
      if (one === undefined) return "–";
      return name === "host" ? figure(host) : `${figure(median(one))} (×${figure(median(one) / host)})`;
    };
    lines.push([title, ...columns.map(cell)]);
    console.error(lines.at(-1)?.join("  "));
  }
  const table = printTable(lines);
  console.log(table);
  if (values.save === true) {
    const { cpu, cores, system } = describeMachine();
    const text = `# What the codecs cost

\`npm run bench:codecs -- --save\` on ${cpu}, ${cores} cores, ${system}. Medians of ${TURNS} turns, CPU time of workerd;
in brackets the ratio to the host's own. \`@ipld/dag-cbor\` encodes again what it has read, because it reads much that is
not canonical.

${table}
`;
    writeFileSync(path.join(ROOT, "docs/bench/codecs.md"), text);
  }
} finally {
  await runtime.dispose();
}
