/**
 * Replaces `@atcute/util-text`, which counts graphemes for lexicons: `ALIASES` in tools/dev/bundle.ts says so.
 * The original creates its segmenter when it is loaded, a tenth of the startup time, and most requests have
 * nothing to count.
 */
let segmenter: Intl.Segmenter | undefined;

/**
 * Latin-1, in which each character is one grapheme; not a carriage return, because a line feed may follow.
 */
const PLAIN = /^[^\r\u0100-\uffff]*$/;

/** Counts the extended grapheme clusters in `text`, to the end or until there are more than `max`. */
function count(text: string, max: number): number {
  if (PLAIN.test(text)) return text.length;
  segmenter ??= new Intl.Segmenter();
  let found = 0;
  const segments = segmenter.segment(text)[Symbol.iterator]();
  while (found <= max && segments.next().done !== true) found += 1;
  return found;
}

export const getGraphemeLength = (text: string): number => count(text, Number.POSITIVE_INFINITY);

/** Whether `text` has `min` to `max` graphemes, both inclusive. */
export function isGraphemeLengthInRange(text: string, min: number, max: number): boolean {
  // A text never has more graphemes than code units.
  if (text.length < min) return false;
  if (min === 0 && text.length <= max) return true;
  const length = count(text, max);
  return length >= min && length <= max;
}
