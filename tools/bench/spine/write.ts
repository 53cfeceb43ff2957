/** Measures of writes: createRecord at several repo sizes, many writers, applyWrites. */
import type { Reply } from "../client.ts";
import { cpuPerThousand, percentile, perSecond, runLoad } from "../load.ts";
import type { Figures, Measure } from "../measure.ts";
import { makeRecord } from "../records.ts";
import type { Member, Stage } from "../stage.ts";

const CLIENTS = 16;
const WARM_UP = 20;
let serial = 1_000_000;

export function createRecord(stage: Stage, member: Member, headers?: Record<string, string>): Promise<Reply> {
  const input = { repo: member.did, collection: stage.collection, record: makeRecord(stage.kind, serial++) };
  return member.xrpc.procedure("com.atproto.repo.createRecord", input, headers);
}

interface Rows {
  written: number;
  read: number;
}

/** Parses `account=6/3 sequencer=2/1 index=8/12`: rows written and read, by station. */
export function parseCost(header: string | string[] | undefined): Map<string, Rows> {
  const costs = new Map<string, Rows>();
  for (const [, station, written, read] of String(header ?? "").matchAll(/(\w+)=(\d+)\/(\d+)/g)) {
    if (station !== undefined) costs.set(station, { written: Number(written), read: Number(read) });
  }
  return costs;
}

/** Mean rows of a few writes, one at a time, so that no other write of the same batch is counted. */
async function rows(stage: Stage, member: Member): Promise<Figures> {
  const count = 8;
  const sums: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const reply = await createRecord(stage, member, { "atoll-cost": "1" });
    const costs = parseCost(reply.headers["atoll-cost"]);
    if (costs.size === 0) return {};
    for (const [station, { written, read }] of costs) {
      sums[`${station}Rows`] = (sums[`${station}Rows`] ?? 0) + written / count;
      sums["allRows"] = (sums["allRows"] ?? 0) + written / count;
      sums["rowsRead"] = (sums["rowsRead"] ?? 0) + read / count;
    }
  }
  return sums;
}

const ROW_FIGURES = {
  accountRows: { label: "rows written, account", unit: "", better: "less", goals: { plain: 6, indexed: 6 } },
  sequencerRows: {
    label: "rows written, sequencer",
    unit: "",
    better: "less",
    goals: { plain: 3, indexed: 3 },
  },
  indexRows: { label: "rows written, index", unit: "", better: "less", goals: { indexed: 8 } },
  allRows: { label: "rows written", unit: "", better: "less", goals: { plain: 9, indexed: 17 } },
  rowsRead: { label: "rows read", unit: "", better: "less" },
} satisfies Measure["figures"];

function createRecordAt(size: number): Measure {
  const goals = size === 10_000;
  return {
    group: "createRecord",
    title: `createRecord, repo of ${size}`,
    figures: {
      p50: {
        label: "p50, one client",
        unit: "ms",
        better: "less",
        ...(goals && { goals: { plain: 5, indexed: 8 } }),
      },
      p99: { label: "p99, one client", unit: "ms", better: "less" },
      cpu1: {
        label: "CPU per 1,000, one client",
        unit: "s",
        better: "less",
        ...(goals && { goals: { plain: 4.5, indexed: 8 } }),
      },
      cpu16: {
        label: "CPU per 1,000, 16 clients",
        unit: "s",
        better: "less",
        ...(goals && { goals: { plain: 3.5, indexed: 6 } }),
      },
      rate16: {
        label: "16 clients, one account",
        unit: "/s",
        better: "more",
        ...(goals && { goals: { plain: 300, indexed: 200 } }),
      },
      ...ROW_FIGURES,
    },
    async run(stage) {
      const member = await stage.member("createRecord", size);
      await runLoad(null, 1, WARM_UP, () => createRecord(stage, member));
      const alone = await runLoad(stage.pid(), 1, stage.plan.writes, () => createRecord(stage, member));
      const many = await runLoad(stage.pid(), CLIENTS, stage.plan.writes * 3, () =>
        createRecord(stage, member),
      );
      return {
        p50: percentile(alone.ms, 0.5),
        p99: percentile(alone.ms, 0.99),
        cpu1: cpuPerThousand(alone),
        cpu16: cpuPerThousand(many),
        rate16: perSecond(many),
        ...(await rows(stage, member)),
      };
    },
  };
}

const manyAccounts: Measure = {
  group: "accounts",
  title: "16 writers on 16 accounts of 1,000 records",
  figures: {
    rate: { label: "writes", unit: "/s", better: "more" },
    p99: { label: "p99", unit: "ms", better: "less" },
    cpu: { label: "CPU per 1,000", unit: "s", better: "less" },
  },
  async run(stage) {
    const members: Member[] = [];
    for (let i = 0; i < CLIENTS; i++) members.push(await stage.member(`account ${i}`, 1000));
    const write = (client: number) => {
      const member = members[client];
      if (member === undefined) throw new Error("more clients than accounts");
      return createRecord(stage, member);
    };
    await runLoad(null, CLIENTS, CLIENTS * 2, (_, client) => write(client));
    const load = await runLoad(stage.pid(), CLIENTS, stage.plan.writes * 3, (_, client) => write(client));
    return { rate: perSecond(load), p99: percentile(load.ms, 0.99), cpu: cpuPerThousand(load) };
  },
};

const BATCH = 200;

const applyWrites: Measure = {
  group: "applyWrites",
  title: "applyWrites of 200, repo of 10000",
  figures: {
    rate: { label: "records", unit: "/s", better: "more", goals: { plain: 3000, indexed: 1200 } },
    cpu: { label: "CPU per 1,000 records", unit: "s", better: "less" },
  },
  async run(stage) {
    const member = await stage.member("applyWrites", 10_000);
    const step = () => {
      const writes = Array.from({ length: BATCH }, () => ({
        $type: "com.atproto.repo.applyWrites#create",
        collection: stage.collection,
        value: makeRecord(stage.kind, serial++),
      }));
      return member.xrpc.procedure("com.atproto.repo.applyWrites", { repo: member.did, writes });
    };
    await step();
    const load = await runLoad(stage.pid(), 1, stage.plan.batches, step);
    const perBatch = cpuPerThousand(load);
    return { rate: perSecond(load) * BATCH, cpu: perBatch === null ? null : perBatch / BATCH };
  },
};

export function writeMeasures(sizes: readonly number[]): Measure[] {
  return [...sizes.map(createRecordAt), manyAccounts, applyWrites];
}
