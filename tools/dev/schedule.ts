/** Fires the Worker's cron triggers, which Miniflare leaves to whoever runs it. */

const MINUTE = 60_000;
/** Lets a host start before its first minute, since it may end right after. */
const FIRST_MS = 2_000;

/** Whether a cron expression fires in that minute. Knows every minute, and every so many minutes. */
function isDue(cron: string, minute: number): boolean {
  const [minutes, ...rest] = cron.split(" ");
  const every = /^\*(?:\/(\d+))?$/.exec(minutes ?? "");
  if (every === null || rest.some((field) => field !== "*")) throw new Error(`cannot run the cron ${cron}`);
  return minute % Number(every[1] ?? 1) === 0;
}

/** Fires until the returned function is called. A trigger that fails is the Worker's matter, which logs it. */
export function keepSchedule(crons: readonly string[], fire: (cron: string) => Promise<unknown>): () => void {
  let minute = 0;
  const tick = () => {
    for (const cron of crons) if (isDue(cron, minute)) fire(cron).catch(() => undefined);
    minute++;
  };
  const first = setTimeout(tick, FIRST_MS);
  const timer = setInterval(tick, MINUTE);
  // Neither keeps a process alive that has nothing else to do.
  first.unref();
  timer.unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
