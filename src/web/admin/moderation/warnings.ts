/** Mails with which moderators warn a member, in the community's name. */
import type { HostWords } from "../../visit.ts";

interface Warning {
  name: string;
  /** As moderators choose it. */
  label: string;
  text: string;
}

export const WARNINGS: readonly Warning[] = [
  {
    name: "spam",
    label: "Too much advertising",
    text: "Something that you posted reads like advertising, or was posted many times over. Please stop: people come here to talk with each other.",
  },
  {
    name: "rude",
    label: "Rude to others",
    text: "Something that you wrote hurt somebody here. Please mind how you talk to people, and take it back if you can.",
  },
  {
    name: "media",
    label: "Pictures without a warning",
    text: "You posted a picture that not everybody wants to see without being asked. Please label such pictures when you post them: every app offers that.",
  },
];

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\n", "<br>");

/** The mail as HTML, of which its text is derived. */
export function warningMail(
  { name, contact }: HostWords,
  handle: string,
  warning: Warning | null,
  own: string,
): { subject: string; content: string; comment: string } {
  const paragraphs = [
    `Hello @${handle},`,
    ...(warning === null ? [] : [warning.text]),
    ...(own === "" ? [] : [own]),
    `The moderators of ${name}${contact === null ? "" : `, ${contact}`}`,
  ];
  return {
    subject: `About what you posted at ${name}`,
    content: paragraphs.map((text) => `<p>${escaped(text)}</p>`).join("\n"),
    comment: warning?.name ?? "own words",
  };
}
