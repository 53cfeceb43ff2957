/** Waiting for a condition, with a time limit and a message that says what was there instead. */

export interface Wait {
  /** Milliseconds; default: 5,000. */
  timeout?: number;
}

/** Error message for a use of the network after its end. */
export const DISPOSED =
  "The network was disposed of. Dispose of it after the last test of the file (after, afterAll), and await what a test begins.";

export const TIMEOUT_MS = 5_000;

const POLL_MS = 15;

/** Calls `find` at once and then every 15 ms until it finds something. `complaint` describes a timeout. */
export async function poll<Found>(
  find: () => Promise<Found | undefined>,
  { timeout = TIMEOUT_MS }: Wait,
  complaint: () => string,
): Promise<Found> {
  const end = performance.now() + timeout;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`After ${timeout} ms: ${complaint()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Calls `find` at once and then at each "change" of `source` until it finds something. */
export function until<Found>(
  find: () => Found | undefined,
  source: EventTarget,
  { timeout = TIMEOUT_MS }: Wait,
  complaint: () => string,
): Promise<Found> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      source.removeEventListener("change", look);
    };
    const look = () => {
      try {
        const found = find();
        if (found === undefined) return;
        end();
        resolve(found);
      } catch (thrown) {
        end();
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
      }
    };
    const timer = setTimeout(() => {
      end();
      reject(new Error(`After ${timeout} ms: ${complaint()}`));
    }, timeout);
    source.addEventListener("change", look);
    look();
  });
}
