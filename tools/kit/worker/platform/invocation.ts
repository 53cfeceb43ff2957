/**
 * Cloudflare's limits, which neither workerd nor Miniflare keeps: counted for each invocation of the Worker, of
 * its entrypoint and of its objects. What passes one fails at once, as there, and says what to do.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { env } from "cloudflare:workers";
import type { Figure } from "../../network/kit-request.ts";

interface Plan {
  name: string;
  /** D1 queries, each statement of a batch for itself. */
  queries: number;
  /** Calls of anything outside the invocation: fetches, objects, R2, and each trip to D1. */
  subrequests: number;
}

const PLANS: Record<string, Plan> = {
  free: { name: "the free plan", queries: 50, subrequests: 50 },
  paid: { name: "the paid plan", queries: 1_000, subrequests: 10_000 },
};

/** The plan whose limits hold; null: none do. */
export const PLAN: Plan | null = PLANS[(env as { KIT_PLATFORM?: string }).KIT_PLATFORM ?? ""] ?? null;

class Invocation {
  readonly figure: Figure;
  constructor(operation: string) {
    this.figure = { operation, queries: 0, subrequests: 0, waiting: 0 };
  }
}

const current = new AsyncLocalStorage<Invocation>();

/** Limits passed since they were last taken, in words. */
const breaches: string[] = [];
/** The most that each operation has used. */
const figures = new Map<string, Figure>();

export function takeBreaches(): string[] {
  return breaches.splice(0);
}

export const allFigures = (): Figure[] => [...figures.values()];

/** Runs one invocation. */
export function invoke<Result>(operation: string, work: () => Result): Result {
  if (PLAN === null) return work();
  return current.run(new Invocation(operation), work);
}

/** The invocation that is under way has passed a limit. Throws. */
export function breach(what: string): never {
  const message = `${current.getStore()?.figure.operation ?? "outside a request"}: ${what}`;
  breaches.push(message);
  throw new Error(message);
}

export function countQueries(number: number): void {
  count("queries", number, "D1 queries", "Read them in one query, or leave a part to the next request.");
  countSubrequest();
}

export function countSubrequest(): void {
  count("subrequests", 1, "subrequests", "Ask for several things at once, or leave a part to the schedule.");
}

/** Notes how many connections wait for an answer at once. */
export function noteWaiting(number: number): void {
  const invocation = current.getStore();
  if (invocation !== undefined)
    keep(invocation.figure, "waiting", Math.max(invocation.figure.waiting, number));
}

function count(kind: "queries" | "subrequests", by: number, what: string, mend: string): void {
  const invocation = current.getStore();
  if (invocation === undefined || PLAN === null) return;
  const { figure } = invocation;
  keep(figure, kind, figure[kind] + by);
  if (figure[kind] <= PLAN[kind]) return;
  breach(`${figure[kind]} ${what} in one invocation; ${PLAN.name} allows ${PLAN[kind]}. ${mend}`);
}

function keep(figure: Figure, kind: "queries" | "subrequests" | "waiting", value: number): void {
  figure[kind] = value;
  const most = figures.get(figure.operation) ?? { ...figure };
  most[kind] = Math.max(most[kind], value);
  figures.set(figure.operation, most);
}

/** A request's operation: its method of XRPC, or the first parts of its path. */
export function operationOf(request: Request): string {
  const { pathname } = new URL(request.url);
  const [, first = "", second = ""] = pathname.split("/");
  if (first === "xrpc") return second;
  const isPage =
    ["account", "admin", "setup", "oauth", ".well-known"].includes(first) && !second.includes(".");
  return `${request.method} /${first}${isPage && second !== "" ? `/${second}` : ""}`;
}
