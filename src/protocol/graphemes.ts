/**
 * Stands in for `@atcute/util-text` (tools/dev/bundle.ts), by which lexicons count: that one makes its segmenter as it is
 * loaded, which is a tenth of a start, and most requests have nothing for it to count.
 */
let segmenter: Intl.Segmenter | undefined;

/** Latin-1, of which each is a grapheme by itself; but not a carriage return, which may have a line feed behind it. */
const PLAIN = /^[^\r\u0100-\uffff]*$/;

/** Extended grapheme clusters in `text`: counted to the end, or until there are more than `max`. */
function count(text: string, max: number): number {
  if (PLAIN.test(text)) return text.length;
  segmenter ??= new Intl.Segmenter();
  let found = 0;
  const segments = segmenter.segment(text)[Symbol.iterator]();
  while (found <= max && segments.next().done !== true) found += 1;
  return found;
}

export const getGraphemeLength = (text: string): number => count(text, Number.POSITIVE_INFINITY);

/** Both ends count as within. */
export function isGraphemeLengthInRange(text: string, min: number, max: number): boolean {
  // No text has more graphemes than code units.
  if (text.length < min) return false;
  if (min === 0 && text.length <= max) return true;
  const length = count(text, max);
  return length >= min && length <= max;
}
