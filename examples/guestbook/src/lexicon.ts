/** The app's own lexicon, and a check for records from other people's repos. */
import { readFileSync } from "node:fs";
import { type LexiconDoc, Lexicons } from "@atproto/lexicon";

export const COLLECTION = "com.example.guestbook.entry";

const file = new URL(`../lexicons/${COLLECTION}.json`, import.meta.url);
const lexicons = new Lexicons([JSON.parse(readFileSync(file, "utf8")) as LexiconDoc]);

export interface Entry {
  $type: typeof COLLECTION;
  /** DID of the guestbook's owner. */
  host: string;
  text: string;
  createdAt: string;
}

/** Whether a record matches the lexicon. Anyone can write anything into their own repo. */
export function isEntry(record: unknown): record is Entry {
  return lexicons.validate(COLLECTION, record).success;
}
