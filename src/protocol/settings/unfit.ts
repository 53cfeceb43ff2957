/** The error that the readers of settings share. */

/** A text that is not fit for its setting. The message follows the setting's name in a sentence. */
export class Unfit extends Error {}

/** Shows what was given, for values that are no secret. */
export const shown = (text: string) => JSON.stringify(text.slice(0, 100));

export const split = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

export const unique = (texts: string[]): string[] => [...new Set(texts)];
