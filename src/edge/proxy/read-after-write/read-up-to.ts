/** Reads a body that may prove too long to parse, and that can then still be passed on. */
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
  const read: Uint8Array[] = [];
  let isWhole = false;
  try {
    for (let size = 0; size <= most && !isWhole;) {
      const { done, value } = await reader.read();
      if (value !== undefined) read.push(value);
      size += value?.byteLength ?? 0;
      isWhole = done;
    }
  } catch {
    throw new Refusal("UpstreamFailure", "The service's answer broke off", 502);
  }
  return {
    text: isWhole ? new TextDecoder().decode(joined(read)) : null,
    whole: () =>
      new ReadableStream({
        async pull(controller) {
          const next = read.shift() ?? (isWhole ? undefined : (await reader.read()).value);
          if (next === undefined) controller.close();
          else controller.enqueue(next);
        },
        cancel: (reason) => reader.cancel(reason),
      }),
  };
}

function joined(chunks: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, { byteLength }) => size + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
