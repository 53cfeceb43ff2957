/**
 * Alarms under a movable clock. The host sets them in its own time; the runtime keeps them in the machine's.
 * When the clock jumps, alarms that become due ring at once, and the others are set again.
 */
import { clockOffset } from "./shifted-date.ts";

/**
 * Limit for a task that keeps setting its alarm to a past moment: it rings this many times and then waits.
 */
const ROUNDS = 5;

/** Names of the objects that this isolate has created, by class. An evicted one may still have an alarm. */
const names = new Map<string, Set<string>>();

export const namesOf = (className: string): string[] => [...(names.get(className) ?? [])];

export function forgetNames(): void {
  names.clear();
}

/** Makes an object's alarms follow the host's clock. Must run before the object's class gets the context. */
export function followClock(className: string, ctx: DurableObjectState): DurableObjectState {
  const { name } = ctx.id;
  const known = names.get(className) ?? new Set<string>();
  names.set(className, known);
  if (name !== undefined) known.add(name);
  const { storage } = ctx;
  const set = storage.setAlarm.bind(storage);
  const get = storage.getAlarm.bind(storage);
  Object.defineProperties(storage, {
    setAlarm: {
      value: (at: number | Date, options?: DurableObjectSetAlarmOptions) =>
        set(Number(at) - clockOffset(), options),
    },
    getAlarm: {
      value: async (options?: DurableObjectGetAlarmOptions) => {
        const at = await get(options);
        return at === null ? null : at + clockOffset();
      },
    },
  });
  return ctx;
}

/**
 * Handles a move of the clock from offset `before`: rings a due alarm, and sets one that is not due again.
 */
export async function afterMove(
  { storage }: DurableObjectState,
  before: number,
  ring: () => Promise<void>,
): Promise<void> {
  let at = await storage.getAlarm();
  if (at === null) return;
  // getAlarm has added the new offset to the machine's time; the object had set its alarm under the old one.
  at += before - clockOffset();
  for (let round = 0; at !== null && at <= Date.now() && round < ROUNDS; round++) {
    await storage.deleteAlarm();
    await ring();
    at = await storage.getAlarm();
  }
  if (at !== null) await storage.setAlarm(at);
}
