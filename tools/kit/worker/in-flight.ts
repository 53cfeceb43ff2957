/**
 * Tracks the host's running requests, so that a reset neither breaks one nor lets one see a half-reset
 * network.
 */

/** Longest wait for running requests. A client that has disconnected leaves its request here for good. */
const PATIENCE_MS = 2_000;
const LOOK_MS = 2;

const running = new Set<symbol>();
let isClosed = false;

export async function inFlight<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  while (isClosed) await scheduler.wait(LOOK_MS);
  const request = Symbol("request");
  running.add(request);
  try {
    return await work();
  } finally {
    running.delete(request);
  }
}

/** Runs `work` after all running requests, and holds up new ones until it is done. */
export async function alone(work: () => Promise<void>): Promise<void> {
  isClosed = true;
  try {
    for (let waited = 0; running.size > 0 && waited < PATIENCE_MS; waited += LOOK_MS) {
      await scheduler.wait(LOOK_MS);
    }
    running.clear();
    await work();
  } finally {
    isClosed = false;
  }
}
