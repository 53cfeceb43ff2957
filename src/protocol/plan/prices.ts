/**
 * The amounts that Cloudflare's plans include, and the prices of more, in one list: for the admin's pages,
 * and for whoever reckons what a host will cost. In US dollars, as of `AS_OF`, from the pages of `SOURCES`.
 */

export const AS_OF = "2026-11-22";

const DOCS = "https://developers.cloudflare.com";
export const SOURCES = [
  `${DOCS}/workers/platform/pricing/`,
  `${DOCS}/durable-objects/platform/pricing/`,
  `${DOCS}/d1/platform/pricing/`,
  `${DOCS}/r2/pricing/`,
] as const;

/** The paid plan's price of a month, before anything beyond what it holds. */
export const PAID_DOLLARS = 5;
/** CPU time of one request on the free plan, in milliseconds; it has no limit of a day. */
export const FREE_CPU_MS = 10;
/** The largest D1 database of each plan, in bytes. */
export const DATABASE_BYTES = { free: 500e6, paid: 10e9 } as const;

/** Of what is `kept`, a month is charged as much as there is; the rest is used up. */
export type Measure = "count" | "bytes" | "ms" | "GB-s";

interface Price {
  label: string;
  measure: Measure;
  kept?: true;
  /** The free plan's limit: `day` a day, `month` a month, `kept` at once. Null: no such limit. */
  free: { per: "day" | "month" | "kept"; most: number } | null;
  /** The paid plan's included amount: a month, or at once. */
  included: number;
  /** The price of each `unit` beyond that. */
  dollars: number;
  unit: number;
  /** Whether a unit that is begun counts whole. */
  whole?: true;
}

const MILLION = 1e6;
const GB = 1e9;

const perDay = (most: number) => ({ per: "day", most }) as const;
const atOnce = (most: number) => ({ per: "kept", most }) as const;
const perMonth = (most: number) => ({ per: "month", most }) as const;

const ROWS_WRITTEN = {
  measure: "count",
  free: perDay(100_000),
  included: 50 * MILLION,
  dollars: 1,
  unit: MILLION,
} as const;
const ROWS_READ = {
  measure: "count",
  free: perDay(5 * MILLION),
  included: 25_000 * MILLION,
  dollars: 0.001,
  unit: MILLION,
} as const;

/** By resource. Objects are the Durable Objects of repos and of the stream; the databases are D1; files are in R2. */
export const PRICES = {
  requests: {
    label: "Requests",
    measure: "count",
    free: perDay(100_000),
    included: 10 * MILLION,
    dollars: 0.3,
    unit: MILLION,
  },
  cpu: {
    label: "Time that the processor works",
    measure: "ms",
    free: null,
    included: 30 * MILLION,
    dollars: 0.02,
    unit: MILLION,
  },
  databaseRowsWritten: {
    label: "Rows written, databases",
    ...ROWS_WRITTEN,
  },
  databaseRowsRead: {
    label: "Rows read, databases",
    ...ROWS_READ,
  },
  objectRowsWritten: {
    label: "Rows written, repos and stream",
    ...ROWS_WRITTEN,
  },
  objectRowsRead: {
    label: "Rows read, repos and stream",
    ...ROWS_READ,
  },
  objectRequests: {
    label: "Calls of repos and stream",
    measure: "count",
    free: perDay(100_000),
    included: MILLION,
    dollars: 0.15,
    unit: MILLION,
  },
  objectTime: {
    label: "Time that they are awake",
    measure: "GB-s",
    free: perDay(13_000),
    included: 400_000,
    dollars: 12.5,
    unit: MILLION,
  },
  databaseBytes: {
    label: "Databases",
    measure: "bytes",
    kept: true,
    free: atOnce(5 * GB),
    included: 5 * GB,
    dollars: 0.75,
    unit: GB,
  },
  objectBytes: {
    label: "Repos and stream",
    measure: "bytes",
    kept: true,
    free: atOnce(5 * GB),
    included: 5 * GB,
    dollars: 0.2,
    unit: GB,
  },
  fileBytes: {
    label: "Pictures and videos",
    measure: "bytes",
    kept: true,
    free: atOnce(10 * GB),
    included: 10 * GB,
    dollars: 0.015,
    unit: GB,
    whole: true,
  },
  fileWrites: {
    label: "Files stored",
    measure: "count",
    free: perMonth(MILLION),
    included: MILLION,
    dollars: 4.5,
    unit: MILLION,
    whole: true,
  },
  fileReads: {
    label: "Files read",
    measure: "count",
    free: perMonth(10 * MILLION),
    included: 10 * MILLION,
    dollars: 0.36,
    unit: MILLION,
    whole: true,
  },
} as const satisfies Record<string, Price>;

export type Resource = keyof typeof PRICES;

export const RESOURCES = Object.keys(PRICES) as Resource[];

export const priceOf = (resource: Resource): Price => PRICES[resource];
