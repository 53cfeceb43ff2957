/** Reads a body that may prove too long to parse, and that can then still be passed on. */
import { Gathering } from "../../../protocol/body.ts";
import { Refusal } from "../../../protocol/refusal.ts";

export interface ReadBody {
  /** Null if the body is longer than the limit. */
  text: string | null;
  /** The whole body, both the part already read and the rest. May be called once. */
  whole: () => ReadableStream<Uint8Array>;
}

/** Reads up to `most` bytes. Refuses 502 UpstreamFailure if the body breaks off. */
export async function readUpTo(body: ReadableStream<Uint8Array>, most: number): Promise<ReadBody> {
  const reader = body.getReader();
  const read = new Gathering();
  let isWhole = false;
  try {
    while (read.size <= most && !isWhole) {
      const { done, value } = await reader.read();
      if (value !== undefined) read.add(value);
      isWhole = done;
    }
  } catch {
    throw new Refusal("UpstreamFailure", "The service's answer broke off", 502);
  }
  return {
    text: isWhole ? new TextDecoder().decode(read.bytes) : null,
    whole: () =>
      new ReadableStream({
        start(controller) {
          if (read.size > 0) controller.enqueue(read.bytes);
        },
        async pull(controller) {
          const next = isWhole ? undefined : (await reader.read()).value;
          if (next === undefined) controller.close();
          else controller.enqueue(next);
        },
        cancel: (reason) => reader.cancel(reason),
      }),
  };
}
