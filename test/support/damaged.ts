/** Bytes for fuzzing. */
import fc from "fast-check";

/** Valid bytes with a few of them changed, cut, doubled or inserted. */
export const damaged = (good: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.record({ at: fc.nat(good.length), byte: fc.nat(255), how: fc.nat(3) }), {
      minLength: 1,
      maxLength: 5,
    })
    .map((changes) => {
      const bytes = [...good];
      for (const { at, byte, how } of changes) {
        if (how === 0) bytes[Math.min(at, bytes.length - 1)] = byte;
        else if (how === 1) bytes.splice(at, 1);
        else if (how === 2) bytes.splice(at, 0, byte);
        else bytes.length = Math.min(bytes.length, at);
      }
      return Uint8Array.from(bytes);
    });
