/** Reads a body that may prove too long to parse, and that can then still be passed on. */
import { Gathering } from "../../../protocol/body.ts";
import { type Loan, lenders } from "../../../protocol/memory.ts";
import { Refusal, isRefusal } from "../../../protocol/refusal.ts";

export interface ReadBody {
  /** Null if the body is longer than the limit. */
  text: string | null;
  /** The whole body, both the part already read and the rest. May be called once. */
  whole: () => ReadableStream<Uint8Array>;
  /** Must be called unless `whole` is. */
  drop: () => void;
}

/** Bytes that an answer may have without asking for memory. Most pages have less. */
const UNASKED = 256 * 1024;

/** Reads up to `most` bytes. Refuses 502 UpstreamFailure if the body breaks off, and what the lender refuses. */
export async function readUpTo(body: ReadableStream<Uint8Array>, most: number): Promise<ReadBody> {
  const reader = body.getReader();
  const read = new Gathering();
  let loan: Loan | null = null;
  let isWhole = false;
  try {
    while (read.size <= most && !isWhole) {
      const { done, value } = await reader.read();
      if (value !== undefined) read.add(value);
      isWhole = done;
      if (read.size <= (loan?.bytes ?? UNASKED)) continue;
      if (loan === null) loan = await lenders.answers.borrow(4 * UNASKED);
      else await loan.growSoon(most - loan.bytes);
    }
  } catch (thrown) {
    loan?.giveBack();
    await reader.cancel(thrown).catch(() => {});
    if (isRefusal(thrown)) throw thrown;
    throw new Refusal("UpstreamFailure", "The service's answer broke off", 502);
  }
  const drop = () => loan?.giveBack();
  return {
    text: isWhole ? new TextDecoder().decode(read.bytes) : null,
    drop,
    whole: () =>
      new ReadableStream({
        start(controller) {
          if (read.size > 0) controller.enqueue(read.bytes);
        },
        async pull(controller) {
          // The bytes read so far are on their way.
          drop();
          const next = isWhole ? undefined : (await reader.read()).value;
          if (next === undefined) controller.close();
          else controller.enqueue(next);
        },
        cancel(reason) {
          drop();
          return reader.cancel(reason);
        },
      }),
  };
}
