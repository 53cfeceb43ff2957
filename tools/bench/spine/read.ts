/** Measures of reading records, and of exporting and importing repos. */
import type { Reply } from "../client.ts";
import { cpuSeconds, peakMegabytes, resetPeak } from "../process.ts";
import { percentile, perSecond, runLoad } from "../load.ts";
import { ONE_ATOLL, cpuMsEach, type Figures, type Measure } from "../measure.ts";
import { sampleRepo, seededRandom } from "../records.ts";
import type { Stage } from "../stage.ts";

const CLIENTS = 16;
const SIZE = 10_000;

const readFigures = (goal: number) =>
  ({
    rate: { label: "requests", unit: "/s", better: "more", goals: { plain: goal } },
    p99: { label: "p99", unit: "ms", better: "less" },
    cpu: { label: "CPU each", unit: "ms", better: "less" },
  }) satisfies Measure["figures"];

/** The figures of `count` reads, after `before` reads that are not counted. */
async function measured(
  stage: Stage,
  before: number,
  count: number,
  read: () => Promise<Reply>,
): Promise<Figures> {
  await runLoad(null, CLIENTS, before, read);
  const load = await runLoad(stage.pid(), CLIENTS, count, read);
  return { rate: perSecond(load), p99: percentile(load.ms, 0.99), cpu: cpuMsEach(load.cpu, load.ms.length) };
}

const getRecord: Measure = {
  group: "getRecord",
  title: "getRecord, 16 clients, repo of 10000",
  columns: ONE_ATOLL,
  figures: readFigures(1500),
  async run(stage) {
    const { did, xrpc } = await stage.member("read", SIZE);
    const { collection } = stage;
    const random = seededRandom(7);
    return measured(stage, CLIENTS * 8, stage.plan.reads, () => {
      const rkey = stage.rkey(Math.floor(random() * SIZE));
      return xrpc.query("com.atproto.repo.getRecord", { repo: did, collection, rkey });
    });
  },
};

const listRecords: Measure = {
  group: "listRecords",
  title: "listRecords(100), 16 clients, repo of 10000",
  columns: ONE_ATOLL,
  figures: readFigures(500),
  async run(stage) {
    const { did, xrpc } = await stage.member("read", SIZE);
    const { collection } = stage;
    const random = seededRandom(8);
    return measured(stage, CLIENTS * 2, Math.ceil(stage.plan.reads / 8), () => {
      const cursor = stage.rkey(100 + Math.floor(random() * (SIZE - 100)));
      return xrpc.query("com.atproto.repo.listRecords", { repo: did, collection, limit: 100, cursor });
    });
  },
};

/** Measures CPU (s), time and peak memory (MB) of `work`, which returns a number of bytes. */
async function watched(
  stage: Stage,
  work: () => Promise<number>,
): Promise<Figures & { bytes: number; seconds: number }> {
  const pid = stage.pid();
  resetPeak(pid);
  const before = cpuSeconds(pid);
  const begun = performance.now();
  const bytes = await work();
  const seconds = (performance.now() - begun) / 1000;
  const after = cpuSeconds(pid);
  return {
    bytes,
    seconds,
    cpu: before === null || after === null ? null : after - before,
    peak: peakMegabytes(pid),
  };
}

const TRANSFER_FIGURES = {
  cpu: { label: "CPU", unit: "s", better: "less" },
  peak: { label: "peak memory of the process", unit: "MB", better: "less" },
} satisfies Measure["figures"];

function getRepo(size: number): Measure {
  return {
    group: "getRepo",
    title: `getRepo of ${size} records`,
    columns: ONE_ATOLL,
    figures: {
      rate: { label: "speed", unit: "MB/s", better: "more", ...(size === SIZE && { goals: { plain: 40 } }) },
      records: { label: "records", unit: "/s", better: "more" },
      ...TRANSFER_FIGURES,
    },
    async run(stage) {
      const member = await stage.member("read", size);
      const { client } = stage.target;
      const repeats = size > SIZE ? 1 : 5;
      const { bytes, seconds, cpu, peak } = await watched(stage, async () => {
        const before = client.discarded;
        for (let i = 0; i < repeats; i++) {
          await member.xrpc.query("com.atproto.sync.getRepo", { did: member.did }, { discard: true });
        }
        return client.discarded - before;
      });
      const each = cpu === null || cpu === undefined ? null : cpu / repeats;
      return {
        rate: bytes / 1e6 / seconds,
        records: (size * repeats) / seconds,
        cpu: each,
        peak: peak ?? null,
      };
    },
  };
}

function importRepo(size: number): Measure {
  return {
    group: "importRepo",
    title: `importRepo of ${size} records`,
    ...(size > SIZE && { rounds: 1 }),
    figures: {
      rate: { label: "speed", unit: "MB/s", better: "more" },
      records: { label: "records", unit: "/s", better: "more" },
      ...TRANSFER_FIGURES,
      indexed: { label: "until indexed as well", unit: "s", better: "less" },
    },
    async run(stage) {
      const member = await stage.newcomer();
      const car = sampleRepo(member.did, stage.kind, size);
      const begun = performance.now();
      const { bytes, seconds, cpu, peak } = await watched(stage, async () => {
        await stage.importInto(member, car);
        return car.length;
      });
      await stage.verifyFilled(member, size);
      await stage.untilIndexed(member, size);
      return {
        rate: bytes / 1e6 / seconds,
        records: size / seconds,
        cpu: cpu ?? null,
        peak: peak ?? null,
        indexed: stage.column === "indexed" ? (performance.now() - begun) / 1000 : null,
      };
    },
  };
}

export function readMeasures(sizes: readonly number[]): Measure[] {
  const large = sizes.filter((size) => size >= SIZE);
  return [getRecord, listRecords, ...large.map(getRepo), ...large.map(importRepo)];
}
