/**
 * Measures the use of one request in a hundred, and counts it a hundredfold: a row written for a hundred
 * requests. An isolate begins anywhere within its first hundred, so that the sums are right on average
 * however short isolates live, and whatever is lost with them.
 */
import { type DatabaseCost, countDatabase } from "../appview/counted-database.ts";
import { logLine } from "../protocol/log-line.ts";

export const EVERY = 100;

export interface Measured {
  DIRECTORY: D1Database;
  APPVIEW_DB: D1Database;
}

/** The counted forms of an isolate's databases. One each, since much is remembered by the database. */
const counted = new WeakMap<D1Database, ReturnType<typeof countDatabase>>();

function countedFormOf(database: D1Database) {
  const form = counted.get(database) ?? countDatabase(database);
  counted.set(database, form);
  return form;
}

/** Requests until the next one that is measured; null before an isolate's first. */
let left: number | null = null;

/** Whether this request is to be measured. */
export function isDue(random: () => number = Math.random): boolean {
  left = (left ?? Math.floor(random() * EVERY) + 1) - 1;
  if (left > 0) return false;
  left = EVERY;
  return true;
}

interface Use {
  requests: number;
  read: number;
  written: number;
}

/** Measurements that wait for a request with a query left to note them. */
let waiting: Use = { requests: 0, read: 0, written: 0 };

/** Answers a request, and notes what of the databases it used. `defer` keeps the note alive behind the answer. */
export async function measure<Env extends Measured>(
  env: Env,
  defer: (work: Promise<unknown>) => void,
  answer: (env: Env) => Response | Promise<Response>,
): Promise<Response> {
  const forms = [countedFormOf(env.DIRECTORY), countedFormOf(env.APPVIEW_DB)] as const;
  const before = sumOf(forms.map(({ cost }) => cost));
  const response = await answer({ ...env, DIRECTORY: forms[0].db, APPVIEW_DB: forms[1].db });
  const { read, written, queries } = sumOf(forms.map(({ cost }) => cost));
  waiting = {
    requests: waiting.requests + EVERY,
    read: waiting.read + (read - before.read) * EVERY,
    written: waiting.written + (written - before.written) * EVERY,
  };
  if (queries - before.queries < QUERIES_MOST) defer(note(env.DIRECTORY));
  return response;
}

/** A request with more queries may have none left of the free plan's fifty. */
const QUERIES_MOST = 40;

const sumOf = (costs: readonly DatabaseCost[]) => ({
  read: costs.reduce((sum, { read }) => sum + read, 0),
  written: costs.reduce((sum, { written }) => sum + written, 0),
  queries: costs.reduce((sum, { queries }) => sum + queries, 0),
});

async function note(database: D1Database): Promise<void> {
  const { requests, read, written } = waiting;
  waiting = { requests: 0, read: 0, written: 0 };
  try {
    await database
      .prepare(
        `INSERT INTO host_use (id, requests, rows_read, rows_written) VALUES (1, ?1, ?2, ?3)
          ON CONFLICT (id) DO UPDATE SET requests = requests + ?1, rows_read = rows_read + ?2,
            rows_written = rows_written + ?3`,
      )
      .bind(requests, read, written)
      .run();
  } catch (error) {
    logLine("warn", "meter", { error });
  }
}
