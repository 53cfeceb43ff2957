/**
 * `npm run bench:community` measures the cost of reads in a community of thousands, generated from a seed
 * (10,000 members, mean 100 follows, 200,000 posts, 1,000,000 likes). The loaded community is kept in
 * .atoll/bench.
 */
import { cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { type TemporaryFolder, roomInMemory, temporaryFolder } from "../../kit/runtime/temporary.ts";
import { ROOT } from "../../dev/wrangler-file.ts";
import { measureIngest, type IngestFigures } from "./ingest.ts";
import { loadCommunity, type Loading } from "./load.ts";
import { type CommunityFigures, type OpenCommunity, measureReads, openCommunity } from "./reads.ts";
import { describeMachine, type Machine } from "../machine.ts";
import { figure, printTable } from "../print-table.ts";

const USAGE = `npm run bench:community -- [options]
  --members 1000,10000   sizes, the smallest first (default: both)
  --requests 200         requests of each kind
  --rebuild              loads anew what was kept
  --no-ingest            leaves out the speed of single events
  --save                 also writes docs/bench/community.json and community.md`;

interface Measured extends CommunityFigures {
  loading: Loading;
  ingest: IngestFigures | null;
}

interface CommunityReport {
  machine: Machine;
  communities: Measured[];
}

const say = (line: string) => console.error(line);
function readTable({ communities }: CommunityReport): string {
  const head = [
    "read",
    "members",
    "p50 ms",
    "p99 ms",
    "CPU ms",
    "rows read",
    "D1 trips",
    "kB",
    "p50 to smallest",
  ];
  const [smallest] = communities;
  const lines = communities.flatMap(({ loading, reads }) =>
    reads.map((read) => {
      const base = smallest?.reads.find(({ name }) => name === read.name);
      const ratio =
        base === undefined || loading === smallest?.loading ? "" : `×${figure(read.p50 / base.p50)}`;
      return [
        read.name,
        String(loading.members),
        figure(read.p50),
        figure(read.p99),
        figure(read.cpu),
        figure(read.rowsRead),
        figure(read.trips),
        figure(read.bytes / 1000),
        ratio,
      ];
    }),
  );
  return printTable([head, ...lines]);
}

function loadTable({ communities }: CommunityReport): string {
  const head = [
    "members",
    "records",
    "loaded in s",
    "records/s",
    "CPU s per 1,000 records",
    "single events/s",
    "CPU s per 1,000 events",
    "lag at 200/s, p50 ms",
    "p99 ms",
  ];
  const lines = communities.map(({ loading, ingest }) => [
    String(loading.members),
    String(loading.records),
    figure(loading.seconds),
    figure(loading.recordsPerSecond),
    figure(loading.cpuPerThousand),
    figure(ingest?.eventsPerSecond),
    figure(ingest?.cpuPerThousand),
    figure(ingest?.lagP50),
    figure(ingest?.lagP99),
  ]);
  return printTable([head, ...lines]);
}

function writeTable({ communities }: CommunityReport): string {
  const largest = communities.at(-1);
  const stations = ["account", "sequencer", "index"];
  const lines = (largest?.writes ?? []).map(({ name, rows }) => [
    name,
    ...stations.map((station) => figure(rows[station])),
  ]);
  return printTable([["rows written", ...stations], ...lines]);
}

function text(report: CommunityReport): string {
  const { machine } = report;
  const failures = report.communities.flatMap((one) => one.failures.map((failure) => `- failed: ${failure}`));
  return [
    `# What reading costs in a community`,
    ``,
    `\`npm run bench:community\` at ${machine.commit}, ${machine.date}, on ${machine.cpu}, ${machine.cores} cores, ` +
      `${machine.memoryGB} GB, ${machine.system}, Node ${machine.node}. One client; CPU is the host's own; databases in memory, where there was room.`,
    ``,
    readTable(report),
    ``,
    loadTable(report),
    ``,
    writeTable(report),
    ``,
    ...failures,
  ].join("\n");
}

/** Measures ingest at one community after another, then reads at all of them in turns. */
async function measure(
  sizes: readonly number[],
  requests: number,
  rebuild: boolean,
  ingest: boolean,
): Promise<Measured[]> {
  const closes: (() => unknown)[] = [];
  try {
    const open: OpenCommunity[] = [];
    const speeds: (IngestFigures | null)[] = [];
    for (const size of sizes) {
      const kept = await loadCommunity(size, rebuild, say);
      const copy = copyOf(kept.folder);
      closes.unshift(() => copy.remove());
      const community = { ...kept, folder: copy.path };
      if (ingest) say(`community of ${size}: ingest`);
      speeds.push(ingest ? await measureIngest(community) : null);
      const opened = await openCommunity(community);
      closes.unshift(() => opened.close());
      open.push(opened);
    }
    say("reads");
    const figures = await measureReads(open, requests);
    return figures.map((each, i) => {
      const loading = open[i]?.community.loading;
      if (loading === undefined) throw new Error("figures of no community");
      return { ...each, loading, ingest: speeds[i] ?? null };
    });
  } finally {
    for (const close of closes) await close();
  }
}

/**
 * Copies a community, so that the next run finds it as it was loaded. The copy is in memory if there is room:
 * Miniflare's D1, unlike the real one, commits with every read, so a disk would be measured instead.
 */
function copyOf(folder: string): TemporaryFolder {
  const files = readdirSync(folder, { recursive: true }).map((name) =>
    statSync(path.join(folder, String(name))),
  );
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const copy = temporaryFolder(roomInMemory(2 * bytes) ?? path.dirname(folder));
  cpSync(folder, copy.path, { recursive: true });
  return copy;
}

const { values } = parseArgs({
  allowNegative: true,
  options: {
    members: { type: "string", default: "1000,10000" },
    requests: { type: "string", default: "200" },
    rebuild: { type: "boolean", default: false },
    ingest: { type: "boolean", default: true },
    save: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(USAGE);
else {
  const sizes = values.members.split(",").map(Number);
  const communities = await measure(sizes, Number(values.requests), values.rebuild, values.ingest);
  const report: CommunityReport = { machine: describeMachine(), communities };
  console.log(text(report));
  if (values.save) {
    const docs = path.join(ROOT, "docs/bench");
    mkdirSync(docs, { recursive: true });
    writeFileSync(path.join(docs, "community.json"), `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(path.join(docs, "community.md"), `${text(report)}\n`);
  }
  if (report.communities.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
}
