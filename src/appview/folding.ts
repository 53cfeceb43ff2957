/**
 * How letters are folded for search: one folding for texts, names and queries, so that each is found however
 * it is typed. Unicode compatibility forms, case and optional marks are dropped, as in ICU's search folding,
 * and a small table does what Unicode does not decompose. Vowel signs of scripts that cannot do without them
 * stay.
 */

/** Ranges of marks that readers do without. */
const OPTIONAL_MARKS = [
  // On Latin, Greek and Cyrillic letters.
  "300-36f 483-489 1ab0-1aff 1dc0-1dff 20d0-20ff fe20-fe2f",
  // Hebrew points.
  "591-5bd 5bf 5c1-5c2 5c4-5c5 5c7",
  // Arabic vowels, and the tatweel, which only stretches a word; Syriac points.
  "610-61a 640 64b-65f 670 6d6-6dc 6df-6e4 6e7-6e8 6ea-6ed 711 730-74a",
  // The nukta of Indic scripts.
  "93c 9bc a3c abc b3c cbc",
  // Variants of one character's looks.
  "fe00-fe0f",
];
const escaped = OPTIONAL_MARKS.join(" ")
  .replace(/[0-9a-f]+/g, "\\u{$&}")
  .replaceAll(" ", "");
/** Those marks, and invisible characters that join or part what is shown. */
const OPTIONAL = new RegExp(`[${escaped}\\p{Cf}]`, "gu");

/** Letters, in lower case, that are no letter with a mark to Unicode, and what people type for them. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ħ: "h",
  ŧ: "t",
  ı: "i",
  ĸ: "k",
  ŋ: "n",
  ɓ: "b",
  ɖ: "d",
  ɗ: "d",
  ɛ: "e",
  ɣ: "g",
  ɨ: "i",
  ƙ: "k",
  ɲ: "n",
  ɔ: "o",
  ʉ: "u",
  ƴ: "y",
  // Greek: the sigma at the end of a word.
  ς: "σ",
  // Arabic: Persian and Urdu forms, and letters that many write without their dots.
  ک: "ك",
  ی: "ي",
  ى: "ي",
  ے: "ي",
  ہ: "ه",
  ھ: "ه",
  ة: "ه",
  ٱ: "ا",
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "gu");

/** The zeros of decimal digits that Unicode does not fold to ASCII; the other nine follow each. */
const ZEROS = [
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
  0x1040, 0x1090, 0x17e0, 0x1810,
];

function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  const zero = ZEROS.findLast((one) => one <= code);
  return zero !== undefined && code - zero < 10 ? String(code - zero) : digit;
}

/** Folds a text. Folding it again changes nothing. */
export function folded(text: string): string {
  if (/^\p{ASCII}*$/u.test(text)) return text.toLowerCase();
  return (
    text
      // The zero-width space separates words, unlike the other invisible characters.
      .replaceAll("\u200b", " ")
      .normalize("NFKD")
      .toLowerCase()
      .replace(OPTIONAL, "")
      .replace(LETTER, (letter) => LETTERS[letter] ?? letter)
      .replace(/(?![0-9])\p{Nd}/gu, asciiDigit)
      .normalize("NFC")
  );
}

/** A character, with its marks, of a script that is written without spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]\p{M}*/gu;

/** Private-use characters, which the tokenizer takes for letters. */
const PRIVATE = 0xf0000;

/**
 * Folds a text and makes it fit for the full-text tables. Their tokenizer splits words at marks and nowhere
 * else: so marks become private letters, and characters of scripts without spaces become words of their own,
 * so that each word in a sentence is found.
 */
export const tokenizable = (text: string): string =>
  folded(text)
    .replace(UNSPACED, " $& ")
    .replace(/\p{M}/gu, (mark) => String.fromCodePoint(PRIVATE + (mark.codePointAt(0) ?? 0)));

const WORD = /[\p{L}\p{N}\p{Co}]+/gu;

/** The words of a text, as the full-text tables have them. */
export const wordsOf = (text: string): string[] => tokenizable(text).match(WORD) ?? [];
