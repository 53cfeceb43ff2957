/** The keys that views need, from what is asked for and from the posts that were found. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Facts } from "./facts.ts";
import { didOf } from "../uris.ts";

/** Keys that are needed besides those that the posts themselves bring. */
export interface Needs {
  dids?: Iterable<string>;
  /** Lists, generators, starter packs, labelers. */
  records?: Iterable<string>;
  /** Reposts, as pairs of subject and actor. */
  reposts?: (readonly [subject: string, actor: string])[];
  /** Pairs of accounts that may block each other. */
  pairs?: (readonly [string, string])[];
  /** Other records whose takedowns and labels matter, for example reposts. */
  subjects?: Iterable<string>;
  /** Accounts that are shown in detail. */
  detailed?: Did[];
  /** Whether to look up likes by the author of each post's thread. */
  rootLikes?: boolean;
  /** Roots of further threads that the viewer may mute, besides the threads of the posts. */
  threads?: Iterable<ResourceUri>;
}

/** The keys that views of these facts will look up. */
export function wantsOf(facts: Facts, needs: Needs) {
  const dids = new Set<string>([...(needs.dids ?? []), ...(needs.detailed ?? [])]);
  const records = new Set<string>(needs.records ?? []);
  const posts = new Set<string>(facts.posts.keys());
  const pairs = new Map<string, readonly [string, string]>();
  const pair = (a: string, b: string) => {
    if (a !== b) pairs.set(`${a} ${b}`, [a, b]);
  };
  for (const [a, b] of needs.pairs ?? []) pair(a, b);
  for (const { author, parent, root, embed, quoted } of facts.posts.values()) {
    dids.add(author);
    for (const ref of [parent, root, embed]) {
      if (ref === null) continue;
      dids.add(didOf(ref));
      pair(author, didOf(ref));
    }
    if (embed !== null && quoted === null) records.add(embed);
  }
  for (const gate of facts.threadgates.values()) {
    for (const rule of gate.record.allow ?? []) if ("list" in rule) records.add(rule.list);
  }
  for (const uri of records) dids.add(didOf(uri));
  return {
    dids: [...dids],
    records: [...records],
    posts: [...posts],
    pairs: [...pairs.values()],
    others: [...(needs.subjects ?? [])],
  };
}

export type Wants = ReturnType<typeof wantsOf>;
