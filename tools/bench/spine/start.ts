/** Measures of cold starts, the bundle, and the size of an account on disk. */
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type WorkerModule, readAtStart, readBundle } from "../../dev/bundle.ts";
import { bareStart } from "../start/bare-start.ts";
import { median } from "../load.ts";
import { ONE_ATOLL, type Measure } from "../measure.ts";

const run = promisify(execFile);

const coldStart: Measure = {
  group: "start",
  title: "cold start to first answer",
  columns: ONE_ATOLL,
  figures: { seconds: { label: "time", unit: "s", better: "less", goals: { plain: 0.8 } } },
  async run(stage) {
    const { restart } = stage.target;
    if (restart !== null) return { seconds: (await restart()) / 1000 };
    const dataDir = mkdtempSync(path.join(tmpdir(), "atoll-bench-"));
    try {
      const script = path.join(import.meta.dirname, "../start/cold-start.ts");
      // As `package.json` runs every script.
      const args = ["--import", path.join(import.meta.dirname, "../../dev/node.mjs"), script, dataDir];
      let seconds = Number.NaN;
      // The first start makes the data folder and fills the bundle's cache; the second one is measured.
      for (let i = 0; i < 2; i++) seconds = Number((await run(process.execPath, args)).stdout);
      return { seconds };
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
};

const EMPTY = "export default { fetch() { return new Response() } }";
/** Evaluates the Worker without exporting its classes, which would not start without their bindings. */
const EVALUATING = `import "./worker.mjs"; ${EMPTY}`;

const entryOf = (contents: string): WorkerModule => ({ type: "ESModule", path: "entry.mjs", contents });

const bundle: Measure = {
  group: "bundle",
  title: "the bundled Worker",
  columns: ["plain"],
  rounds: 1,
  figures: {
    gzip: { label: "size, gzip", unit: "kB", better: "less", goals: { plain: 1000 } },
    atStart: { label: "of that read at a start", unit: "kB", better: "less" },
    startup: { label: "start-up over an empty Worker's", unit: "ms", better: "less", goals: { plain: 150 } },
  },
  async run(stage) {
    const modules = await readBundle("worker");
    const extra: number[] = [];
    for (let i = 0; i < Math.max(5, stage.plan.rounds); i++) {
      const empty = await bareStart([entryOf(EMPTY)]);
      extra.push((await bareStart([entryOf(EVALUATING), ...modules])) - empty);
    }
    const kilobytes = (some: WorkerModule[]) =>
      some.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0) / 1000;
    return { gzip: kilobytes(modules), atStart: kilobytes(readAtStart(modules)), startup: median(extra) };
  },
};

/**
 * Size in MB of a copy of a SQLite database after a checkpoint of its log: the whole file, and the pages in
 * use.
 */
function databaseSize(file: string): { whole: number; inUse: number } {
  const folder = mkdtempSync(path.join(tmpdir(), "atoll-bench-"));
  try {
    const copy = path.join(folder, "copy.sqlite");
    for (const part of ["", "-wal"]) if (existsSync(file + part)) copyFileSync(file + part, copy + part);
    const database = new DatabaseSync(copy);
    const pragma = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const [size, pages, free] = [pragma("page_size"), pragma("page_count"), pragma("freelist_count")];
    database.close();
    return { whole: (pages * size) / 1e6, inUse: ((pages - free) * size) / 1e6 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const SIZE = 10_000;

const disk: Measure = {
  group: "disk",
  title: `the account's database, repo of ${SIZE}`,
  columns: ONE_ATOLL,
  rounds: 1,
  figures: {
    car: { label: "size of the CAR", unit: "MB", better: "less" },
    written: { label: "after applyWrites", unit: "MB", better: "less", goals: { plain: 4.5 } },
    imported: { label: "after an import", unit: "MB", better: "less", goals: { plain: 4.5 } },
    importedInUse: {
      label: "after an import, pages in use",
      unit: "MB",
      better: "less",
      goals: { plain: 4.5 },
    },
  },
  async run(stage) {
    const sizeOf = (did: string) => {
      const file = stage.target.repoFile(did);
      return file === null || !existsSync(file) ? null : databaseSize(file);
    };
    const member = await stage.member("disk", SIZE);
    const writer = await stage.newcomer();
    await stage.writeInto(writer, SIZE);
    const before = stage.target.client.discarded;
    await member.xrpc.query("com.atproto.sync.getRepo", { did: member.did }, { discard: true });
    const imported = sizeOf(member.did);
    return {
      car: (stage.target.client.discarded - before) / 1e6,
      written: sizeOf(writer.did)?.whole ?? null,
      imported: imported?.whole ?? null,
      importedInUse: imported?.inUse ?? null,
    };
  },
};

export function startMeasures(): Measure[] {
  return [coldStart, bundle, disk];
}
