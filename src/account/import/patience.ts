/** Ends uploads that stall: an archive is held in memory while it comes. */

/** How long nothing may come (ms), and how long it may take in all. */
const IDLE_MS = 60_000;
const TOTAL_MS = 3_600_000;
const LOOK_MS = 10_000;

/** The same stream, which breaks off when nothing comes for a minute, or it does not end within an hour. */
export function untilStalled(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  const began = Date.now();
  let last = began;
  const watch = setInterval(() => {
    const now = Date.now();
    if (now - last > IDLE_MS || now - began > TOTAL_MS) void reader.cancel("stalled");
  }, LOOK_MS);
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        last = Date.now();
        if (!done) return controller.enqueue(value);
        clearInterval(watch);
        controller.close();
      } catch (error) {
        clearInterval(watch);
        throw error;
      }
    },
    async cancel(reason) {
      clearInterval(watch);
      await reader.cancel(reason);
    },
  });
}
