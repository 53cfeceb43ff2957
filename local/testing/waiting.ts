/** Waiting for something to come true, with a limit and a message that says what was there instead. */

export interface Wait {
  /** Milliseconds; default 5,000. */
  timeout?: number;
}

export const TIMEOUT_MS = 5_000;

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
