/**
 * Display names with a word that the host's owners keep out of names (`BLOCKED_WORDS`). A name is its member's
 * own, in their repo: it is not refused, and not shown by this host.
 */
import type { Settings } from "../protocol/settings/list.ts";
import { folded } from "./folding.ts";

/** The space between letters that stand alone, as in `s p a m`. */
const SPREAD = /(?<=(?:^| )[\p{L}\p{N}]) (?=[\p{L}\p{N}](?: |$))/gu;

/** Words of small letters and digits, of which the text has one, however it is written: in one of its own words. */
export function isUnwanted(words: readonly string[], name: string): boolean {
  if (words.length === 0) return false;
  const text = folded(name)
    .split(/\s+/)
    .map((word) => word.replaceAll(/[^\p{L}\p{N}]/gu, ""))
    .filter((word) => word !== "")
    .join(" ")
    .replaceAll(SPREAD, "");
  return words.some((word) => text.includes(word));
}

export const blockedWords = (setting: string): string[] => setting.split(",").filter((word) => word !== "");

/** Whether the host's owners keep a name out. */
export const isKeptOut = ({ BLOCKED_WORDS }: Pick<Settings, "BLOCKED_WORDS">, name: string): boolean =>
  isUnwanted(blockedWords(BLOCKED_WORDS), name);
