/**
 * The clock of the isolate, moved by hand. Imported before anything else, so that whoever takes `Date` or `Date.now` takes
 * this one. All objects of a host share the isolate, so one offset moves them all.
 */
import { env } from "cloudflare:workers";

const RealDate = Date;
const realNow = RealDate.now.bind(RealDate);

/** A runtime that starts again after a crash starts with the clock where it was. */
let offset = Number((env as { KIT_CLOCK?: string }).KIT_CLOCK ?? 0);

/** Milliseconds that the host's clock is ahead of the machine's. */
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
