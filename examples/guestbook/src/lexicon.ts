/** The app's own lexicon, and a check of records that strangers have written. */
import { readFileSync } from "node:fs";
import { type LexiconDoc, Lexicons } from "@atproto/lexicon";

export const COLLECTION = "com.example.guestbook.entry";

const file = new URL(`../lexicons/${COLLECTION}.json`, import.meta.url);
const lexicons = new Lexicons([JSON.parse(readFileSync(file, "utf8")) as LexiconDoc]);

export interface Entry {
  $type: typeof COLLECTION;
  /** DID of whose guestbook it is. */
  host: string;
  text: string;
  createdAt: string;
}

/** Anybody can write anything into their repo: only what fits the lexicon counts. */
export function isEntry(record: unknown): record is Entry {
  return lexicons.validate(COLLECTION, record).success;
}
