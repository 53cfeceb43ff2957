/**
 * Mentions, tags and links in a text, as rich text facets (app.bsky.richtext.facet: indices count UTF-8
 * bytes).
 */

export interface Facet {
  index: { byteStart: number; byteEnd: number };
  features: Record<string, string>[];
}

const FOUND = /@([a-z0-9-]+)|#(\p{L}[\p{L}\p{N}]*)|https?:\/\/[^\s)]+/gu;

/** Turns `@alice` into `@alice.test`, with its facet; unknown names stay plain text. */
export function markUp(
  text: string,
  member: (name: string) => { did: string; handle: string } | undefined,
): { text: string; facets: Facet[] } {
  const facets: Facet[] = [];
  let out = "";
  let from = 0;
  for (const match of text.matchAll(FOUND)) {
    const [whole, name, tag] = match;
    const mentioned = name === undefined ? undefined : member(name);
    if (name !== undefined && mentioned === undefined) continue;
    out += text.slice(from, match.index);
    const shown = mentioned === undefined ? whole : `@${mentioned.handle}`;
    const byteStart = Buffer.byteLength(out);
    out += shown;
    from = match.index + whole.length;
    facets.push({
      index: { byteStart, byteEnd: byteStart + Buffer.byteLength(shown) },
      features: [featureOf(mentioned?.did, tag, whole)],
    });
  }
  return { text: out + text.slice(from), facets };
}

function featureOf(did: string | undefined, tag: string | undefined, uri: string): Record<string, string> {
  if (did !== undefined) return { $type: "app.bsky.richtext.facet#mention", did };
  if (tag !== undefined) return { $type: "app.bsky.richtext.facet#tag", tag };
  return { $type: "app.bsky.richtext.facet#link", uri };
}
