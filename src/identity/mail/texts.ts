/**
 * The texts of the host's mails: Atoll's own, in each language, and the owners' in their place. A text has blanks
 * in braces, such as `{handle}`, which are filled when the mail is sent. It is plain text.
 */
import type { Settings } from "../../protocol/settings/list.ts";
import { DEFAULT_TEXTS } from "./default-texts.ts";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

export interface MailText {
  subject: string;
  text: string;
}

export type Blank = "handle" | "community" | "host" | "address" | "code" | "link";

interface TextRule {
  /** The blank that the text cannot do without. */
  needs?: Blank;
  /** Optional blanks. */
  may: readonly Blank[];
  /** Whether it has a subject of its own; otherwise it is a paragraph of another mail. */
  hasSubject: boolean;
}

const code: TextRule = { needs: "code", may: ["handle", "community", "host", "address"], hasSubject: true };
const warning: TextRule = { may: ["handle", "community"], hasSubject: false };

export const TEXT_RULES = {
  confirm_email: code,
  update_email: code,
  reset_password: code,
  delete_account: code,
  plc_operation: code,
  invite: { needs: "link", may: ["handle", "community"], hasSubject: true },
  let_in: { needs: "link", may: ["handle", "community"], hasSubject: true },
  turned_down: { may: ["handle", "community"], hasSubject: true },
  warn_spam: warning,
  warn_rude: warning,
  warn_media: warning,
} satisfies Record<string, TextRule>;

export type TextName = keyof typeof TEXT_RULES;

export const TEXT_NAMES = Object.keys(TEXT_RULES).filter(isTextName);

export function isTextName(name: string): name is TextName {
  return Object.hasOwn(TEXT_RULES, name);
}

export const isLanguage = (text: string): text is Language => LANGUAGES.some((each) => each === text);

export const blanksOf = (name: TextName): Blank[] => {
  const { needs, may }: TextRule = TEXT_RULES[name];
  return needs === undefined ? [...may] : [needs, ...may];
};

const SUBJECT_MAX = 150;
const TEXT_MAX = 4_000;
const BLANK = /\{([^{}\s]*)\}/g;

/** The fault of a text in words for people, and the field that it is about; null if there is none. */
export function faultIn(
  name: TextName,
  { subject, text }: MailText,
): { field: keyof MailText; words: string } | null {
  const { needs, hasSubject }: TextRule = TEXT_RULES[name];
  const known: readonly string[] = blanksOf(name);
  if (hasSubject && (subject.trim() === "" || subject.length > SUBJECT_MAX || /\p{Cc}/u.test(subject)))
    return { field: "subject", words: `A subject has one line of up to ${SUBJECT_MAX} characters.` };
  if (text.trim() === "" || text.length > TEXT_MAX)
    return { field: "text", words: `A text has up to ${TEXT_MAX} characters.` };
  for (const field of ["subject", "text"] as const) {
    const value = field === "subject" ? subject : text;
    const odd = [...value.matchAll(BLANK)].find(([, blank = ""]) => !known.includes(blank))?.[0];
    if (odd !== undefined) return { field, words: `There is nothing to put into ${odd}.` };
  }
  if (needs !== undefined && !text.includes(`{${needs}}`))
    return { field: "text", words: `The text needs {${needs}}: without it, the mail is of no use.` };
  return null;
}

/** Where texts are, and what they are written with. */
export type TextBindings = { DIRECTORY: D1Database } & Pick<Settings, "MAIL_LANGUAGE">;

/** The owners' own text, in each language in which they have one. */
export async function ownTexts(
  { DIRECTORY }: Pick<TextBindings, "DIRECTORY">,
  name: TextName,
): Promise<Partial<Record<Language, MailText>>> {
  const { results } = await DIRECTORY.prepare("SELECT language, subject, text FROM mail_text WHERE name = ?1")
    .bind(name)
    .all<MailText & { language: Language }>();
  return Object.fromEntries(results.map(({ language, ...own }) => [language, own]));
}

/** Keeps a text that `faultIn` finds nothing wrong with; null brings back Atoll's own. */
export async function keepText(
  { DIRECTORY }: Pick<TextBindings, "DIRECTORY">,
  name: TextName,
  language: Language,
  own: MailText | null,
): Promise<void> {
  const statement =
    own === null
      ? DIRECTORY.prepare("DELETE FROM mail_text WHERE name = ?1 AND language = ?2").bind(name, language)
      : DIRECTORY.prepare(
          "INSERT OR REPLACE INTO mail_text (name, language, subject, text) VALUES (?1, ?2, ?3, ?4)",
        ).bind(name, language, own.subject, own.text);
  await statement.run();
}

/** A mail in the host's language, with its blanks filled. */
export async function writeText(
  env: TextBindings,
  name: TextName,
  blanks: Partial<Record<Blank, string>>,
): Promise<MailText> {
  const language = env.MAIL_LANGUAGE;
  const { subject, text } = (await ownTexts(env, name))[language] ?? DEFAULT_TEXTS[language][name];
  const values: Record<string, string | undefined> = blanks;
  // A value may have braces of its own: what was filled is not read again.
  const filled = (template: string) =>
    template.replaceAll(BLANK, (whole, blank: string) => values[blank] ?? whole);
  return { subject: filled(subject), text: filled(text) };
}
