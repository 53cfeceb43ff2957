/** The host's requests under way, so that a reset neither breaks one nor lets one see half a network. */

/** A client that went away leaves its request here for good: nobody is waited for longer. */
const PATIENCE_MS = 2_000;
const LOOK_MS = 2;

const running = new Set<symbol>();
let isClosed = false;

export async function inFlight(work: () => Response | Promise<Response>): Promise<Response> {
  while (isClosed) await scheduler.wait(LOOK_MS);
  const request = Symbol("request");
  running.add(request);
  try {
    return await work();
  } finally {
    running.delete(request);
  }
}

/** Waits for what is under way, and holds up what comes meanwhile. */
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
