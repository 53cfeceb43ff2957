/**
 * A day on which the free plan runs short. Cloudflare counts anew at midnight (UTC), and past a limit stops what
 * it limits. So that it does not stop at whatever comes first, the host lets go step by step: first what nobody
 * misses, last its own pages and index for guests. What goes on to the end: signing in, writing, and reading a
 * repo, its pictures and the event stream.
 */
import { PRICES, RESOURCES, type Resource, priceOf } from "./prices.ts";

/**
 * `resizing` of pictures, `chores` of the schedule (backups, checks, rebuilding), `replays` of the event streams,
 * `crawls` of whole repos by strangers, what `guests` ask of the index, and what the `index` takes in.
 */
export type LetGo = "resizing" | "chores" | "replays" | "crawls" | "guests" | "index";

interface Step {
  /** The share of a day's limit from which on it holds, 1 being all. */
  from: number;
  letsGo: readonly LetGo[];
  /** For whoever runs the host. */
  words: string;
}

/** In their order. A step keeps what those before it let go. */
export const STEPS: readonly Step[] = [
  { from: 0.8, letsGo: [], words: "The owners are told. Nothing is let go yet." },
  {
    from: 0.85,
    letsGo: ["resizing", "chores"],
    words:
      "Pictures are sent as they were uploaded. Backups, checks, announcements and the index’s rebuilding wait.",
  },
  {
    from: 0.9,
    letsGo: ["replays", "crawls"],
    words:
      "Strangers do not get whole repos, nor old events of the stream. New events reach whoever listens.",
  },
  {
    from: 0.95,
    letsGo: ["guests", "index"],
    words:
      "Guests see no pages, and nothing of the index. New posts are written, and indexed after midnight.",
  },
];

/** A resource that runs short, and until when. */
export interface Shortage {
  /** The reached step, a place in `STEPS`. */
  step: number;
  resource: Resource;
  /** Of the day's limit, 1 being all. */
  share: number;
  /** The next midnight (UTC), in ms. */
  until: number;
}

/** Whether that is let go now. */
export const isLetGo = (shortage: Shortage | null | undefined, what: LetGo): boolean =>
  shortage !== null && shortage !== undefined && lettingGo(shortage).includes(what);

/** All that is let go at a step. */
export const lettingGo = ({ step }: Pick<Shortage, "step">): LetGo[] =>
  STEPS.slice(0, step + 1).flatMap(({ letsGo }) => letsGo);

const DAY_MS = 24 * 60 * 60 * 1000;

export const nextMidnight = (now: number): number => (Math.floor(now / DAY_MS) + 1) * DAY_MS;

/** Those with a limit of a day. */
export const OF_A_DAY: readonly Resource[] = RESOURCES.filter(
  (resource) => priceOf(resource).free?.per === "day",
);

/** The shortage of a day on which so much is used; null if there is enough of everything. */
export function shortageOf(today: Record<Resource, number>, now: number): Shortage | null {
  const shares = OF_A_DAY.map((resource) => ({
    resource,
    share: today[resource] / (priceOf(resource).free?.most ?? Infinity),
  }));
  const nearest = shares.reduce((a, b) => (b.share > a.share ? b : a));
  const step = STEPS.findLastIndex(({ from }) => nearest.share >= from);
  return step === -1 ? null : { step, ...nearest, until: nextMidnight(now) };
}

/** A sentence about what runs short. */
export function shortageInWords({ resource, share }: Shortage): string {
  const percent = Math.min(100, Math.floor(share * 100));
  return `${percent} % of what Cloudflare’s free plan allows in a day is used up (${PRICES[resource].label.toLowerCase()}).`;
}

/** Seconds until Cloudflare counts anew, as a header. */
export const retryAfter = (until: number, now: number): Record<string, string> => ({
  "retry-after": String(Math.max(1, Math.ceil((until - now) / 1000))),
});

/**
 * Whether a database or an object refused because a limit of the free plan is passed: D1's and Durable Objects'
 * own words (D1, "Debug D1"; Durable Objects, "Exceeded allowed … in Durable Objects free tier").
 */
export function isSpent(thrown: unknown): boolean {
  const message = thrown instanceof Error ? `${thrown.message} ${messageOfCause(thrown)}` : "";
  return /exceeded (D1's free tier daily|allowed [\w ]+ in Durable Objects free tier)/i.test(message);
}

const messageOfCause = ({ cause }: Error): string => (cause instanceof Error ? cause.message : "");
