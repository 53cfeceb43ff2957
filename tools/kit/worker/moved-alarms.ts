/**
 * Alarms under a clock that is moved: the host asks for them by its own time, the runtime keeps them by the machine's.
 * When the clock jumps, what has become due rings at once, and the rest is set anew.
 */
import { clockOffset } from "./shifted-date.ts";

/** A task that sets its alarm to a moment that is past already rings this often and then waits. */
const ROUNDS = 5;

/** Names of the objects that this isolate has made, by class; a sleeping one may still have an alarm. */
const names = new Map<string, Set<string>>();

export const namesOf = (className: string): string[] => [...(names.get(className) ?? [])];

export function forgetNames(): void {
  names.clear();
}

/** Makes an object's alarms follow the host's clock. Before its class sees the context. */
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

/** After the clock has moved from offset `before`: rings an alarm that is due, moves one that is not. */
export async function afterMove(
  { storage }: DurableObjectState,
  before: number,
  ring: () => Promise<void>,
): Promise<void> {
  let at = await storage.getAlarm();
  if (at === null) return;
  // Kept by the machine's clock, read by the new offset: as the object asked for it is by the old one.
  at += before - clockOffset();
  for (let round = 0; at !== null && at <= Date.now() && round < ROUNDS; round++) {
    await storage.deleteAlarm();
    await ring();
    at = await storage.getAlarm();
  }
  if (at !== null) await storage.setAlarm(at);
}
