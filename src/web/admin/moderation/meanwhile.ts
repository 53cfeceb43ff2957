/** Two moderators at one subject: whoever comes second is told, and changes nothing. */
import { ModerationReports } from "../../../moderation/reports.ts";
import type { Subject } from "../../../xrpc/admin/reports.ts";
import type { Fields } from "../../forms.ts";
import { type Problem, wrong } from "../../problems.ts";
import type { DeskVisit } from "../desk.tsx";

/** The problem that a decision meets if the newest open report that its reader saw is closed by now. */
export async function decidedMeanwhile(visit: DeskVisit, fields: Fields): Promise<Problem | null> {
  const seen = seenIn(fields);
  const by = seen === null ? null : await reportsOf(visit).closedBy(seen);
  if (by === null) return null;
  const who =
    by === visit.member.did ? "You have decided already" : `${await nameOf(visit, by)} decided meanwhile`;
  return wrong(`${who}: the reports are closed, and nothing else was changed. What was done stands below.`);
}

/** The problem of a decision that came in the same moment as another one, which closed the reports. */
export const decidedAtOnce = (fields: Fields, at: string): Problem | null =>
  at === "" && seenIn(fields) !== null
    ? wrong("Somebody else decided in the same moment. What was done stands below: undo what was not meant.")
    : null;

/** The problem of who takes care of what somebody else has taken since. */
export async function takenMeanwhile(
  visit: DeskVisit,
  subject: Subject,
  fields: Fields,
): Promise<Problem | null> {
  const [seen, now] = [fields.get("from") ?? "", await reportsOf(visit).assigneeOf(subject)];
  if (now === null || now === seen || now === visit.member.did) return null;
  return wrong(`${await nameOf(visit, now)} takes care of it since. Take it over if you agreed on that.`);
}

/** The number of the newest open report that the reader of a form saw; null if there was none. */
function seenIn(fields: Fields): number | null {
  const text = fields.get("seen") ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

const reportsOf = ({ services }: DeskVisit) => new ModerationReports(services.env.DIRECTORY);

async function nameOf({ services }: DeskVisit, by: string): Promise<string> {
  const member = await services.directory.findByDid(by);
  return member === null ? "Somebody else" : `@${member.handle}`;
}
