/** The latest decision about a subject: carried in the address of the next page, which offers to undo it. */

/** The decisions that there are. */
const DECISIONS = {
  dismiss: "The reports are dismissed.",
  label: "It is labelled.",
  "take-down": "It is taken down.",
  suspend: "The account is suspended.",
  restore: "It is back.",
  warn: "The mail is sent.",
} as const;

export interface Decided {
  subject: string;
  how: keyof typeof DECISIONS;
  /** When the reports were closed (ISO 8601), which only who decided knows; empty if there were none to close. */
  at: string;
  /** The label that was given. */
  value?: string;
}

export const wordsOf = ({ how }: Decided): string => DECISIONS[how];

/** A mail cannot be taken back, nor what closed no report. */
export const canUndo = ({ how, at }: Decided): boolean => how !== "warn" && at !== "";

const isDecision = (text: string): text is Decided["how"] => Object.hasOwn(DECISIONS, text);

export function decidedIn({ searchParams }: URL): Decided | null {
  const how = searchParams.get("how") ?? "";
  const subject = searchParams.get("was") ?? "";
  if (!isDecision(how) || subject === "") return null;
  return { subject, how, at: searchParams.get("at") ?? "", value: searchParams.get("value") ?? "" };
}
