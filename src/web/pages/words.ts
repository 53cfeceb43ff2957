/** Small words of the pages. */

/** `One passkey`, `3 passkeys`; `none` for zero. */
export const counted = (n: number, one: string, none = `No ${one}s`): string =>
  n === 0 ? none : n === 1 ? `One ${one}` : `${n} ${one}s`;

/** "a, b and c" */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

export const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** "a, b and 3 others of the kind", where `others` names the rest. */
export function listedAtMost(words: readonly string[], most: number, others: string): string {
  if (words.length <= most) return listed(words);
  return `${words.slice(0, most - 1).join(", ")} and ${words.length - most + 1} ${others}`;
}

/** The text with exactly one mark at its end. */
export function sentence(text: string): string {
  const bare = text.trim().replace(/[.\s]+$/, "");
  return /[!?…]$/.test(bare) ? bare : `${bare}.`;
}

/** `12 kB`, `3.4 MB`, `1.2 GB` */
export function bytesInWords(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return bytes < 1_000_000_000
    ? `${(bytes / 1_000_000).toFixed(1)} MB`
    : `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}
