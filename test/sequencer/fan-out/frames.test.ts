import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BINARY,
  CLOSE,
  PING,
  TEXT,
  encodeClose,
  encodeControl,
  encodeMessages,
  isCloseBody,
} from "../../../src/sequencer/fan-out/pipe/frames.ts";
import {
  FrameReader,
  ProtocolError,
  type Received,
} from "../../../src/sequencer/fan-out/pipe/frame-reader.ts";
import { acceptKey } from "../../../src/sequencer/fan-out/pipe/handshake.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);
const utf8 = (text: string) => new TextEncoder().encode(text);

/** A frame as a client writes it. */
function masked(opcode: number, body: Uint8Array, { final = true, mask = [1, 2, 3, 4] } = {}): Uint8Array {
  const size = body.length;
  const length =
    size < 126 ? [size] : size < 65_536 ? [126, size >> 8, size & 255] : [127, 0, 0, 0, 0, ...word(size)];
  const [first = 0, ...rest] = length;
  const head = [(final ? 0x80 : 0) | opcode, 0x80 | first, ...rest, ...mask];
  return Uint8Array.from([...head, ...body.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

const word = (value: number) => [24, 16, 8, 0].map((shift) => (value >> shift) & 255);

/** What a reader makes of bytes that come in pieces of these sizes, over and over. */
function received(all: Uint8Array, pieces: number[] = [all.length || 1], most = 1_000_000): Received[] {
  const reader = new FrameReader(most);
  const out: Received[] = [];
  for (let at = 0, n = 0; at < all.length; n++) {
    const size = pieces[n % pieces.length] ?? 1;
    out.push(...reader.take(all.subarray(at, at + size)));
    at += size;
  }
  return out;
}

describe("a server's frames", () => {
  test("are those of the specification's examples", () => {
    expect(encodeMessages(["Hello"])).toEqual(bytes(0x81, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f));
    expect(encodeControl(PING, utf8("Hello"))).toEqual(bytes(0x89, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f));
    expect(encodeClose(1000, "")).toEqual(bytes(0x88, 2, 3, 232));
    const [short, long] = [new Uint8Array(256), new Uint8Array(65_536)];
    expect(encodeMessages([short]).subarray(0, 4)).toEqual(bytes(0x82, 126, 1, 0));
    expect(encodeMessages([long]).subarray(0, 10)).toEqual(bytes(0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0));
  });

  test("follow one another, text and binary", () => {
    expect(encodeMessages(["é", bytes(7)])).toEqual(bytes(0x81, 2, 0xc3, 0xa9, 0x82, 1, 7));
    expect(encodeMessages([])).toEqual(bytes());
  });

  test("answer the key of the specification's example", async () => {
    expect(await acceptKey("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });
});

describe("a client's frames", () => {
  test("are those of the specification's examples", () => {
    const hello = bytes(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58);
    expect(received(hello)).toEqual([{ opcode: TEXT, body: utf8("Hello") }]);
  });

  test("are the same however they are cut", () => {
    const message = fc.record({
      opcode: fc.constantFrom(TEXT, BINARY, PING),
      body: fc.uint8Array({ maxLength: 120 }),
    });
    const property = fc.property(
      fc.array(message, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      (messages, pieces) => {
        const all = messages.flatMap(({ opcode, body }) => [...masked(opcode, body)]);
        expect(received(Uint8Array.from(all), pieces)).toEqual(messages);
      },
    );
    fc.assert(property, { numRuns: 100 });
  });

  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 100_000])("may have %d bytes", (size) => {
    const body = Uint8Array.from({ length: size }, (_, at) => at & 255);
    expect(received(masked(BINARY, body), [4096])).toEqual([{ opcode: BINARY, body }]);
  });

  test("may come in fragments, with others between them", () => {
    const all = Uint8Array.from([
      ...masked(TEXT, utf8("Hel"), { final: false }),
      ...masked(PING, utf8("?")),
      ...masked(0, utf8("l"), { final: false }),
      ...masked(0, utf8("o")),
      ...masked(TEXT, utf8("!")),
    ]);
    expect(received(all)).toEqual([
      { opcode: PING, body: utf8("?") },
      { opcode: TEXT, body: utf8("Hello") },
      { opcode: TEXT, body: utf8("!") },
    ]);
  });

  test.each<[string, Uint8Array, number]>([
    ["without a mask", bytes(0x81, 1, 65), 1002],
    ["of an extension", bytes(0xc1, 0x80, 0, 0, 0, 0), 1002],
    ["of an unknown kind", masked(3, bytes()), 1002],
    ["that go on with nothing", masked(0, bytes()), 1002],
    [
      "that begin anew before the end",
      Uint8Array.from([...masked(TEXT, bytes(), { final: false }), ...masked(TEXT, bytes())]),
      1002,
    ],
    ["of control, in fragments", masked(PING, bytes(), { final: false }), 1002],
    ["of control, too long", masked(CLOSE, new Uint8Array(126)), 1002],
    ["longer than is read", masked(BINARY, new Uint8Array(1_001)), 1009],
    [
      "longer than any number",
      bytes(0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0),
      1009,
    ],
    [
      "longer in sum than is read",
      Uint8Array.from([
        ...masked(BINARY, new Uint8Array(600), { final: false }),
        ...masked(0, new Uint8Array(600)),
      ]),
      1009,
    ],
    [
      "in fragments without end",
      Uint8Array.from(
        Array.from({ length: 1_002 }, (_, n) => [
          ...masked(n === 0 ? TEXT : 0, bytes(), { final: false }),
        ]).flat(),
      ),
      1009,
    ],
  ])("%s end the connection", (_, all, code) => {
    let thrown: unknown;
    try {
      received(all, [all.length], 1_000);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ProtocolError);
    expect(thrown).toMatchObject({ code });
  });

  test("of any bytes are read or refused, and never break the reader otherwise", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 300 }), (all) => {
      try {
        received(all, [7], 1_000);
      } catch (thrown) {
        if (!(thrown instanceof ProtocolError)) throw thrown;
      }
    });
    fc.assert(property, { numRuns: 500 });
  });
});

test.each<[string, Uint8Array, boolean]>([
  ["nothing", bytes(), true],
  ["1000", bytes(3, 232), true],
  ["1000 with a reason", Uint8Array.from([3, 232, ...utf8("süß")]), true],
  ["4999", bytes(19, 135), true],
  ["half a code", bytes(3), false],
  ["999", bytes(3, 231), false],
  ["1005", bytes(3, 237), false],
  ["1015", bytes(3, 247), false],
  ["5000", bytes(19, 136), false],
  ["a reason that is no text", bytes(3, 232, 255), false],
])("a Close with %s may be answered by itself: %o", (_, body, may) => {
  expect(isCloseBody(body)).toBe(may);
});
