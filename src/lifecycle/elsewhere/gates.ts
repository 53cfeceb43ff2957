/**
 * How often this host asks others, counted in this isolate's memory: requests to one host, those of one member, and
 * those of one view. Whoever is refused here is answered from what there is.
 */
import { type Counts, type Limit, consume } from "../../protocol/object/limits.ts";

const FIVE_MINUTES = 5 * 60_000;

/** Requests to one host, and of those for pictures; what one member has looked up. */
export const GATES = {
  host: { windowMs: FIVE_MINUTES, points: 60 },
  pictures: { windowMs: FIVE_MINUTES, points: 300 },
  member: { windowMs: FIVE_MINUTES, points: 300 },
} as const satisfies Record<string, Limit>;

/** Names that are counted at once, over all kinds; the oldest make way. */
const NAMES_MAX = 5_000;
/** Requests to one host at the same time. */
const AT_ONCE = 5;
/** The longest that a host's own `retry-after` is believed, in ms. */
const LONGEST_PAUSE = FIVE_MINUTES;

export class Gates {
  readonly #counts = new Map<string, Counts>();
  readonly #paused = new Map<string, number>();
  readonly #open = new Map<string, number>();

  /** Counts one use. False if there were too many: then it is not counted. */
  admits(kind: keyof typeof GATES, name: string, now: number): boolean {
    if (kind !== "member" && (this.#paused.get(name) ?? 0) > now) return false;
    if (kind === "host" && (this.#open.get(name) ?? 0) >= AT_ONCE) return false;
    const key = `${kind} ${name}`;
    const { counts, excess } = consume([GATES[kind]], this.#counts.get(key) ?? [], 1, now);
    if (excess !== null) return false;
    bounded(this.#counts, key, counts);
    return true;
  }

  /** Runs a request to a host, as one of those at the same time. */
  async through<T>(host: string, request: () => Promise<T>): Promise<T> {
    this.#open.set(host, (this.#open.get(host) ?? 0) + 1);
    try {
      return await request();
    } finally {
      const left = (this.#open.get(host) ?? 1) - 1;
      if (left > 0) this.#open.set(host, left);
      else this.#open.delete(host);
    }
  }

  /** Leaves a host alone for as long as it asks (`retry-after` in seconds), or a minute. */
  pause(host: string, retryAfter: string | null, now: number): void {
    const asked = Number(retryAfter ?? 60) * 1000;
    bounded(this.#paused, host, now + Math.min(Number.isFinite(asked) ? asked : 60_000, LONGEST_PAUSE));
  }
}

/** Those of this isolate. */
export const gates = new Gates();

function bounded<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= NAMES_MAX) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

/** The requests of one view, and those to one host among them. */
export const REQUESTS_MOST = 6;
const OF_HOST_MOST = 3;

/** The requests that a view has left. */
export class Purse {
  left: number;
  /** Whether something was not asked for want of requests: the next view may ask. */
  isShort = false;
  readonly #ofHost = new Map<string, number>();

  constructor(requests: number) {
    this.left = requests;
  }

  /** Takes so many requests. False if there are not so many left. */
  take(count: number, host?: string): boolean {
    const ofHost = host === undefined ? 0 : (this.#ofHost.get(host) ?? 0) + count;
    if (this.left < count || ofHost > OF_HOST_MOST) {
      this.isShort = true;
      return false;
    }
    this.left -= count;
    if (host !== undefined) this.#ofHost.set(host, ofHost);
    return true;
  }
}
