/** Small stable hashes for the row numbers that full-text tables need. Not for security. */

/** A 53-bit hash of a text (two rounds of multiply and xor-shift over its UTF-16 units). */
export function hash53(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}

/** 21 bits that distinguish posts of one millisecond in `post_search`. */
export const tieOf = (uri: string): number => hash53(uri) % 2097152;

/** The row number of an actor in `actor_search`. */
export const slotOf = (did: string): number => hash53(did);
