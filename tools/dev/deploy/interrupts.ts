/** Ctrl-C during a deploy: says what there is by then. A wrangler that runs gets it as well, and is waited for. */
import { LaunchError } from "../ports.ts";

const NOTHING_YET = "Stopped. Nothing was deployed.";
const SOME_MADE =
  "Stopped. What was made so far stays, and costs nothing while it is empty. The same command goes on from here.";

let made = false;
let children = 0;
let stopped = false;

/** From now on, stopping leaves something behind. */
export const beginMaking = (): void => void (made = true);

export function sayWhenStopped(): void {
  process.on("SIGINT", () => {
    stopped = true;
    if (children > 0) return;
    console.error(`\n${made ? SOME_MADE : NOTHING_YET}\n`);
    process.exit(130);
  });
}

/** Waits for a child that has the terminal's keys too. */
export async function waitingFor<Outcome>(child: Promise<Outcome>): Promise<Outcome> {
  children++;
  try {
    return await child;
  } finally {
    children--;
  }
}

/** Throws a `LaunchError` if somebody stopped the deploy: a wrangler that was stopped says that all is well. */
export function assertNotStopped(): void {
  if (stopped) throw new LaunchError(made ? SOME_MADE : NOTHING_YET);
}
