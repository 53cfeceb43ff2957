/** Languages that a post may be written in: those that the reader's browser names first, then many others. */
import { accepted } from "../words/speech.ts";

const OTHERS =
  "ar bg bn ca cs da de el en eo es et eu fa fi fr ga gl he hi hr hu hy id is it ja ka kk ko lt lv mk mn ms nb nl pl pt ro ru sk sl sq sr sv sw ta te th tr uk ur uz vi yue zh".split(
    " ",
  );

/** A language as posts have it (`langs`), or undefined if it is none. */
export const languageIn = (text: string | undefined): string | undefined =>
  /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.exec(text ?? "")?.[0];

/** The language that a reader most likely writes in: the first that their browser names. */
export const languageOf = (acceptLanguage: string | null, otherwise: string): string =>
  accepted(acceptLanguage).flatMap((tag) => languageIn(tag.split("-", 1)[0]) ?? [])[0] ?? otherwise;

/** Codes, with their names in a language of the app. */
export function languagesFor(
  acceptLanguage: string | null,
  lang: string,
  more: readonly string[],
): [string, string][] {
  const own = accepted(acceptLanguage).flatMap((tag) => languageIn(tag.split("-", 1)[0]) ?? []);
  const names = new Intl.DisplayNames(lang, { type: "language" });
  const named = (code: string): [string, string] => [code, names.of(code) ?? code];
  const first = [...new Set([...more, ...own, lang])].map(named);
  const others = OTHERS.map(named).toSorted(([, a], [, b]) => a.localeCompare(b, lang));
  return [...new Map([...first, ...others])];
}
