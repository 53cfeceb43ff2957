import { describe, expect, test } from "vitest";
import { Lender } from "../../src/protocol/memory.ts";
import { Gathering, gather, readBody, readText } from "../../src/protocol/body.ts";

/** A stream of `chunks` chunks of `size` bytes, and how many were taken. */
function source(chunks: number, size: number) {
  const taken = { chunks: 0, isCancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (taken.chunks === chunks) return controller.close();
        taken.chunks += 1;
        controller.enqueue(new Uint8Array(size).fill(taken.chunks));
      },
      cancel() {
        taken.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, taken };
}

const posted = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request("https://host.example/", { method: "POST", body, headers });

describe("gathering", () => {
  test("joins chunks in order, whatever their sizes", () => {
    const gathered = new Gathering();
    const all: number[] = [];
    for (let i = 0; i < 300; i++) {
      const chunk = Uint8Array.from({ length: i % 7 }, (_, j) => (i + j) % 256);
      all.push(...chunk);
      gathered.add(chunk);
    }
    expect([...gathered.bytes]).toEqual(all);
    expect(gathered.size).toBe(all.length);
  });

  test("keeps no chunk's buffer, which may be much larger than the chunk", () => {
    const gathered = new Gathering();
    for (let i = 0; i < 1000; i++) gathered.add(new Uint8Array(4096).subarray(0, 1));
    expect(gathered.bytes.buffer.byteLength).toBeLessThanOrEqual(2048);
  });
});

describe("reading a stream", () => {
  test("of exactly the limit is whole, of a byte more is refused", async () => {
    expect((await gather(source(10, 10).stream, 100, new Lender(1_000_000)))?.byteLength).toBe(100);
    expect(await gather(source(10, 10).stream, 99, new Lender(1_000_000))).toBeNull();
    expect((await gather(null, 0, new Lender(1_000_000)))?.byteLength).toBe(0);
  });

  test("stops at the limit, and cancels the rest", async () => {
    const { stream, taken } = source(1_000_000, 1000);
    expect(await gather(stream, 5000, new Lender(1_000_000))).toBeNull();
    expect(taken).toEqual({ chunks: 6, isCancelled: true });
  });
});

/** Sizes around those of buffers and slices, where a stream ends just as one is full. */
const EDGES = [1, 2, 4].flatMap((n) => [n * 16_384, n * 65_536, n * 262_144]);

describe("a byte stream", () => {
  test.each([0, 1, ...EDGES.flatMap((size) => [size - 1, size, size + 1, size + 2])])(
    "of %i bytes is read to its end",
    async (size) => {
      const bytes = Uint8Array.from({ length: size }, (_, i) => i % 251);
      const read = await gather(new Response(bytes).body, 2_000_000, new Lender(4_000_000));
      expect(read?.byteLength).toBe(size);
      expect(read?.every((byte, i) => byte === i % 251)).toBe(true);
    },
  );
});

describe("reading a request", () => {
  test("by its announced length, before a byte is read", async () => {
    const { stream, taken } = source(100, 1000);
    expect(await readBody(posted(stream, { "content-length": "100000" }), 5000)).toBeNull();
    expect(taken.chunks).toBe(0);
  });

  test("by counting, where none is announced", async () => {
    const { stream, taken } = source(100, 1000);
    expect(await readBody(posted(stream), 5000)).toBeNull();
    expect(taken.chunks).toBeLessThan(10);
    expect((await readBody(posted(source(5, 1000).stream), 5000))?.byteLength).toBe(5000);
  });

  test("without a body gives no bytes", async () => {
    expect((await readBody(posted(null), 10))?.byteLength).toBe(0);
  });

  test("as text, whatever its type says", async () => {
    const request = posted("ä=1", { "content-type": "application/x-www-form-urlencoded" });
    expect(await readText(request, 10)).toBe("ä=1");
  });

  test("that breaks off is InvalidRequest, not a fault of ours", async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("Network connection lost.")),
    });
    await expect(readBody(posted(broken), 10)).rejects.toMatchObject({
      error: "InvalidRequest",
      status: 400,
      message: "The request body broke off",
    });
  });
});
