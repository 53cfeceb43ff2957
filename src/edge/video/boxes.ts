/** The boxes of an MP4 file (ISO/IEC 14496-12, section 4.2), read and written. */
import { Refusal } from "../../protocol/refusal.ts";

/** Offsets in the bytes that the box was found in. */
export interface Box {
  type: string;
  start: number;
  /** Where its content begins. */
  body: number;
  end: number;
}

/** Most bytes of a box's header. */
export const HEADER_MOST = 16;

/** 404, with the reason in words: a player asks for the playlist once, and shows nothing. */
export const unplayable = (why: string) =>
  new Refusal("NotFound", `This video cannot be streamed: ${why}`, 404);

/** Refuses NotFound where tables are cut off: a position that they name then lies beyond the end. */
export async function unlessBroken<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof RangeError) throw unplayable("its tables are broken");
    throw thrown;
  }
}

export const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * The box at `at`.
 * @param end where the enclosing box ends, for a box that reaches so far; a box may not go beyond
 */
export function boxAt(view: DataView, at: number, end: number): Box {
  const [short, type] = [view.getUint32(at), textAt(view, at + 4)];
  const isLong = short === 1;
  const size = isLong ? Number(view.getBigUint64(at + 8)) : short === 0 ? end - at : short;
  const body = at + (isLong ? 16 : 8);
  if (at + size < body || at + size > end) throw unplayable("a part of it ends where it should not");
  return { type, start: at, body, end: at + size };
}

/** Most boxes within one. */
const WITHIN_MOST = 1000;

/** The boxes within one. */
export function boxesIn(view: DataView, { body, end }: Pick<Box, "body" | "end">): Box[] {
  const found: Box[] = [];
  for (let at = body; at + 8 <= end; at = found.at(-1)?.end ?? end) {
    if (found.length === WITHIN_MOST) throw unplayable("it has too many parts");
    found.push(boxAt(view, at, end));
  }
  return found;
}

/** The first box along a path of types. */
export function boxWithin(view: DataView, outer: Pick<Box, "body" | "end">, ...path: string[]): Box | null {
  const [type, ...rest] = path;
  const found = boxesIn(view, outer).find((box) => box.type === type) ?? null;
  return found === null || rest.length === 0 ? found : boxWithin(view, found, ...rest);
}

/** Version and flags of a full box. */
export const versionAt = (view: DataView, { body }: Box) => ({
  version: view.getUint8(body),
  flags: view.getUint32(body) & 0xffffff,
});

export function textAt(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

export const textBytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

export const words = (...values: number[]) => wordsOf(values);

/** Numbers of 32 bits; negative ones in two's complement. */
export function wordsOf(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = viewOf(bytes);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value);
  return bytes;
}

/** A number of 64 bits as two of 32. */
export const long = (value: number): [number, number] => [Math.floor(value / 2 ** 32), value % 2 ** 32];

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function box(type: string, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, { length }) => sum + length, 8);
  return joined([words(size), textBytes(type), ...parts]);
}
