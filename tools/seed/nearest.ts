/** The name that was probably meant: the nearest of `known` within an edit distance of two. */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  const near = [...known].map((name) => ({ name, edits: distance(name, given) }));
  return near.filter(({ edits }) => edits <= 2).toSorted((a, b) => a.edits - b.edits)[0]?.name;
}

/** ` Did you mean "alice"?`, or the empty string. */
export function hint(given: string, known: Iterable<string>): string {
  const near = nearest(given, known);
  return near === undefined ? "" : ` Did you mean ${JSON.stringify(near)}?`;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
