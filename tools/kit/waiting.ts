/** Waiting for something to come true, with a limit and a message that says what was there instead. */

export interface Wait {
  /** Milliseconds; default 5,000. */
  timeout?: number;
}

/** What whoever still uses a network is told after its end. */
export const DISPOSED =
  "The network was disposed of. Dispose of it after the last test of the file (after, afterAll), and await what a test begins.";

export const TIMEOUT_MS = 5_000;

const POLL_MS = 15;

/** Looks at once, and again and again. */
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

/** Looks at once, and again at each "change" of `source`. */
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
