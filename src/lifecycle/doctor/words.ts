/** Findings in words: each with what there is to do. */
import type { Finding, Kind } from "./progress.ts";

export interface Words {
  found: string;
  /** Advice; null: there is nothing to do, it was mended. */
  mend: string | null;
}

const RESTORE =
  "bring the account back from a backup: npm run restore -- --from <where> --to <host> --account";
const REBUILD = "rebuild the index: internal.atoll.admin.rebuildIndex.";

/** By kind: what it is, with `#` for how many and `*` for the first of them, and what to do if it was not mended. */
const WORDS: Readonly<Record<Kind, readonly [found: string, mend: string]>> = {
  "no object": ["The directory lists this account, and its object holds nothing.", RESTORE],
  unreadable: ["What is stored of this account cannot be read.", RESTORE],
  unlisted: ["This account was announced to relays (*), and the directory does not know it.", RESTORE],
  standing: ["Its object took the account for something else (*) than the directory says.", ""],
  head: ["The newest commit cannot be read, or is not signed by the account.", RESTORE],
  tree: ["A part of the repo’s tree is damaged, after “*”.", RESTORE],
  lost: ["# of its records are lost, the first is *.", RESTORE],
  changed: ["# of its records are damaged, the first is *.", RESTORE],
  stray: ["# records were there that the signed repo does not have, the first was *.", RESTORE],
  links: ["# records had wrong links, the first was *.", ""],
  "file lost": ["# pictures or videos are lost, the first is *.", RESTORE],
  "file changed": ["# pictures or videos are damaged, the first is *.", RESTORE],
  "file missing": [
    "# pictures or videos that its records show never came here, the first is *.",
    "their member brings them by going on with the move: npm run migrate.",
  ],
  unindexed: ["The index lacked # of its records, the first is *.", REBUILD],
  indexed: ["The index had # records that it does not have, the first is *.", REBUILD],
  outdated: ["The index had # of its records in another form, the first is *.", REBUILD],
  counts: ["# numbers in the index were not those of what is counted.", REBUILD],
  actor: ["The index took the member for somebody else.", REBUILD],
  departed: ["The index had an account that lives here no more.", REBUILD],
  skipped: ["It could not be looked at: *.", "look at the Worker’s log, then examine again."],
};

export function wordsOf({ did, kind, count, example, mended }: Finding): Words {
  const [text, mend] = WORDS[kind];
  const found = text.replace("#", String(count)).replace("*", () => example);
  if (mended) return { found: `${found} It was mended.`, mend: null };
  const what = mend === RESTORE ? `${RESTORE} ${did} --yes` : mend;
  return { found, mend: what.slice(0, 1).toUpperCase() + what.slice(1) };
}
