/** Mails with which moderators warn a member, in the community's name. */
import { type TextBindings, writeText } from "../../../identity/mail/texts.ts";
import type { HostWords } from "../../visit.ts";

/** The reason of a warning; owners may change its words (`warn_…`). */
interface Warning {
  name: "spam" | "rude" | "media";
  /** As moderators choose it. */
  label: string;
}

export const WARNINGS: readonly Warning[] = [
  { name: "spam", label: "Too much advertising" },
  { name: "rude", label: "Rude to others" },
  { name: "media", label: "Pictures without a warning" },
];

const AROUND = {
  en: { subject: "About what you posted at", hello: "Hello", from: "The moderators of" },
  de: { subject: "Zu dem, was du geschrieben hast, bei", hello: "Hallo", from: "Die Moderation von" },
};

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\n", "<br>");

/** The mail as HTML, of which its text is derived. */
export async function warningMail(
  env: TextBindings,
  { name, contact }: HostWords,
  handle: string,
  { warning, own }: { warning: Warning | null; own: string },
): Promise<{ subject: string; content: string; comment: string }> {
  const { subject, hello, from } = AROUND[env.MAIL_LANGUAGE];
  const blanks = { handle, community: name };
  const paragraphs = [
    `${hello} @${handle},`,
    ...(warning === null ? [] : [(await writeText(env, `warn_${warning.name}`, blanks)).text]),
    ...(own === "" ? [] : [own]),
    `${from} ${name}${contact === null ? "" : `, ${contact}`}`,
  ];
  return {
    subject: `${subject} ${name}`,
    content: paragraphs.map((text) => `<p>${escaped(text)}</p>`).join("\n"),
    comment: warning?.name ?? "own words",
  };
}
