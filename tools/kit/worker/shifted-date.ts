/**
 * The isolate's movable clock. It is imported before anything else, so that all code that captures `Date` or
 * `Date.now` gets this one. All objects of a host share the isolate, so one offset moves them all.
 */
import { env } from "cloudflare:workers";

const RealDate = Date;
const realNow = RealDate.now.bind(RealDate);

/** After a crash, the runtime starts with the clock's last offset. */
let offset = Number((env as { KIT_CLOCK?: string }).KIT_CLOCK ?? 0);

/** How far the host's clock is ahead of the machine's, in milliseconds. */
export const clockOffset = (): number => offset;

export function shiftClock(to: number): void {
  offset = to;
}

const shiftedNow = () => realNow() + offset;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, made) =>
    Reflect.construct(target, given.length === 0 ? [shiftedNow()] : given, made) as object,
  apply: () => new RealDate(shiftedNow()).toString(),
  get: (target, key, receiver) =>
    key === "now" ? shiftedNow : (Reflect.get(target, key, receiver) as unknown),
});
