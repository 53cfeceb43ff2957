/**
 * The host's use of its plan: today, and in this month as it will be if the days go on like the last ones.
 */
import { type Use, monthDollars } from "../../protocol/plan/bill.ts";
import { type CountedDay, type UsedSoFar, dayOf } from "./days.ts";
import type { FoundSizes } from "./sizes.ts";
import { type Activity, type Kept, useOf } from "./use.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The present counts. */
export interface Present {
  /** In ms. */
  at: number;
  used: UsedSoFar;
  /** Null before the first look. */
  sizes: FoundSizes | null;
  /** The event stream's newest and oldest event. */
  firehose: { seq: number; oldest: number | null };
  /** Bytes of what members who were deleted left in their archives. */
  archiveBytes: number;
}

export interface PlanUse {
  today: Use;
  /** This whole month. */
  month: Use;
  /** The month's cost on the paid plan, in dollars. */
  dollars: number;
  /** `heldBytes`: of the files, those in the accounts' objects. */
  kept: Kept & {
    heldBytes: number;
    byKind: Record<"repos" | "files" | "index" | "directory" | "stream" | "archives", number>;
  };
  /** The first day of the month that was counted (`YYYY-MM-DD`); null if none was. */
  since: string | null;
}

/** @param marked the days of the month that ends today, if they were counted, the oldest first */
export function planUse(marked: readonly CountedDay[], now: Present): PlanUse {
  const today = dayOf(now.at);
  const newest = marked.at(-1) ?? null;
  const kept = keptBy(newest, now);
  const ofToday = sinceMark(newest?.day === today ? newest : null, now);
  const first = marked.find(({ day }) => day >= `${today.slice(0, 7)}-01`) ?? null;
  const soFar = sinceMark(first, now);
  const left = (monthEnd(now.at) - now.at) / DAY_MS;
  const pace = sinceMark(
    marked.findLast(({ day }) => Date.parse(day) <= now.at - 7 * DAY_MS) ?? marked[0] ?? null,
    now,
  );
  // A host's first hours say little about its days.
  const month = plus(soFar, pace, left / Math.max(1, pace.days));
  const use = useOf(month, kept);
  return {
    today: useOf(ofToday, kept),
    month: use,
    dollars: monthDollars(use),
    kept,
    since: first?.day ?? null,
  };
}

const monthEnd = (at: number): number => {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
};

const NOTHING: Activity = { days: 0, requests: 0, rowsRead: 0, rowsWritten: 0, changes: 0, files: 0 };

/**
 * The activity since a counted day; nothing if there is none. Counts only grow, but for a database
 * restored.
 */
function sinceMark(mark: CountedDay | null, now: Present): Activity {
  if (mark === null) return NOTHING;
  const {
    at = Date.parse(mark.day),
    requests = 0,
    rowsRead = 0,
    rowsWritten = 0,
    files,
    written,
  } = mark.numbers;
  const { seq, oldest } = now.firehose;
  const before = written ?? (oldest === null ? seq : oldest - 1);
  const grown = (more: number) => Math.max(0, more);
  return {
    days: grown(now.at - at) / DAY_MS,
    requests: grown(now.used.requests - requests),
    rowsRead: grown(now.used.rowsRead - rowsRead),
    rowsWritten: grown(now.used.rowsWritten - rowsWritten),
    changes: grown(seq - before),
    files: grown((now.sizes?.files ?? 0) - (files ?? now.sizes?.files ?? 0)),
  };
}

const plus = (a: Activity, b: Activity, times: number): Activity => ({
  days: a.days + b.days * times,
  requests: a.requests + b.requests * times,
  rowsRead: a.rowsRead + b.rowsRead * times,
  rowsWritten: a.rowsWritten + b.rowsWritten * times,
  changes: a.changes + b.changes * times,
  files: a.files + b.files * times,
});

/** Databases and stream as they were counted last; repos and files as they were looked at last. */
function keptBy(newest: CountedDay | null, { sizes, archiveBytes }: Present): PlanUse["kept"] {
  const { directoryBytes = 0, indexBytes = 0, streamBytes = 0 } = newest?.numbers ?? {};
  const { repoBytes = 0, fileBytes = 0, heldBytes = 0 } = sizes ?? {};
  return {
    databaseBytes: directoryBytes + indexBytes,
    objectBytes: repoBytes + heldBytes + streamBytes,
    fileBytes: fileBytes - heldBytes + archiveBytes,
    heldBytes,
    byKind: {
      repos: repoBytes,
      files: fileBytes,
      index: indexBytes,
      directory: directoryBytes,
      stream: streamBytes,
      archives: archiveBytes,
    },
  };
}
