/** The reader's language: its words, and how it writes numbers, times and plurals. */
import { de } from "./de.ts";
import { type Words, en } from "./en.ts";

const LANGUAGES: readonly Words[] = [en, de];

type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** Words with their blanks filled in, for one reader. */
export interface Speech {
  words: Words;
  /** `1234` → "1,234"; from ten thousand on, "12K". */
  number(n: number): string;
  /** "3 likes" */
  plural(n: number, forms: Plural): string;
  /** "5m", "3h", or a date from a week on. */
  ago(at: string, now: number): string;
  /** Day and time, in UTC: the host does not know where its reader is. */
  moment(at: string): string;
  day(at: string): string;
}

/** Fills the blanks of a phrase. */
export const filled = (phrase: string, value: string): string => phrase.replaceAll("{}", () => value);

/** The languages that the reader accepts, best first (RFC 9110, section 12.5.4). */
export function accepted(header: string | null): string[] {
  return (header ?? "")
    .split(",", 32)
    .map((item) => {
      const [tag = "", ...parameters] = item.trim().split(";");
      const q = Number(/^\s*q=([\d.]+)/.exec(parameters[0] ?? "")?.[1] ?? 1);
      return { tag: tag.trim().toLowerCase(), q };
    })
    .filter(({ tag, q }) => tag !== "" && q > 0)
    .toSorted((a, b) => b.q - a.q)
    .map(({ tag }) => tag);
}

/** The words in the best of the languages that the reader accepts and the app has. */
export function wordsFor(acceptLanguage: string | null): Words {
  for (const tag of accepted(acceptLanguage)) {
    const found = LANGUAGES.find(({ lang }) => tag === lang || tag.startsWith(`${lang}-`));
    if (found !== undefined) return found;
  }
  return en;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const made = new Map<string, Speech>();

/** Formatters are costly to make, so each language has one set per isolate. */
export function speechOf(words: Words): Speech {
  const known = made.get(words.lang);
  if (known !== undefined) return known;
  const speech = makeSpeech(words);
  made.set(words.lang, speech);
  return speech;
}

function makeSpeech(words: Words): Speech {
  const { lang } = words;
  const exact = new Intl.NumberFormat(lang);
  const short = new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 });
  const rules = new Intl.PluralRules(lang);
  const unit = (name: string) =>
    new Intl.NumberFormat(lang, { style: "unit", unit: name, unitDisplay: "narrow" });
  const [minutes, hours, days] = [unit("minute"), unit("hour"), unit("day")];
  const date = new Intl.DateTimeFormat(lang, {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  const moment = new Intl.DateTimeFormat(lang, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  const at = (text: string) => new Date(Number.isNaN(Date.parse(text)) ? 0 : text);
  const number = (n: number) => (n < 10_000 ? exact : short).format(n);
  return {
    words,
    number,
    plural: (n, forms) => filled(forms[rules.select(n)] ?? forms.other, number(n)),
    ago(text, now) {
      const age = now - at(text).getTime();
      if (age < MINUTE) return words.now;
      if (age < HOUR) return minutes.format(Math.floor(age / MINUTE));
      if (age < DAY) return hours.format(Math.floor(age / HOUR));
      return age < 7 * DAY ? days.format(Math.floor(age / DAY)) : date.format(at(text));
    },
    moment: (text) => `${moment.format(at(text))} UTC`,
    day: (text) => date.format(at(text)),
  };
}
