/** Characters that nobody sees, such as the marks of writing direction that come along with a copied handle. */
const INVISIBLE = /[\p{Cf}\p{Cc}\p{Zl}\p{Zp}]/gu;

/** One line of text as somebody sees it: without invisible characters, and without spaces around it. */
export const visibleText = (typed: string): string => typed.replace(INVISIBLE, "").trim();
