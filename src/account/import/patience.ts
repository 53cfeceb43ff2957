/** Ends uploads that stall: an archive is held in memory while it comes. */
import { Slices } from "../../protocol/body.ts";
import type { Loan } from "../../protocol/memory.ts";

/** How long nothing may come (ms), and how long it may take in all. */
const IDLE_MS = 60_000;
const TOTAL_MS = 3_600_000;
const LOOK_MS = 10_000;

/**
 * The same stream in slices, each valid until the next. Breaks off when none comes for a minute, when it does
 * not end within an hour, and when the loan ends.
 */
export function untilStalled(stream: ReadableStream<Uint8Array>, loan: Loan): ReadableStream<Uint8Array> {
  const slices = new Slices(stream);
  const began = Date.now();
  let last = began;
  const watch = setInterval(() => {
    const now = Date.now();
    if (now - last > IDLE_MS || now - began > TOTAL_MS) void slices.cancel("stalled");
  }, LOOK_MS);
  const end = async (reason: unknown) => {
    clearInterval(watch);
    await slices.cancel(reason);
  };
  return new ReadableStream(
    {
      async pull(controller) {
        const slice = await loan.during(slices.next()).catch(async (thrown: unknown) => {
          await end(thrown);
          throw thrown;
        });
        last = Date.now();
        if (slice !== null) return controller.enqueue(slice);
        clearInterval(watch);
        controller.close();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
