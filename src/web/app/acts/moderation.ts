/** Acts of moderators in the app, by the functions of the admin's pages. */
import { isRefusal } from "../../../protocol/refusal.ts";
import { assertOutranks } from "../../../xrpc/admin/acts.ts";
import { closeReports, nameOf, setTakedown, takedownRef } from "../../../xrpc/admin/decisions.ts";
import { type Subject, createLabels, reportedSubject } from "../../../xrpc/admin/reports.ts";
import type { ActingCaller } from "../../../xrpc/server/role-policies.ts";
import { type Fields, lineOf } from "../../forms.ts";
import type { MemberVisit } from "../visit.ts";

const ACTS = ["label", "suspend", "take-down", "restore"] as const;
export type ModerationAct = (typeof ACTS)[number];

/** The most of a note. */
export const NOTE_MAX = 500;

export const isActName = (text: string): text is ModerationAct => ACTS.some((act) => act === text);

/** Whether an act needs a fresh sign-in: all but labels, which hide nothing that cannot be looked at. */
export const isGrave = (act: ModerationAct): boolean => act !== "label";

/** The subject that the fields name; null if it cannot be moderated. */
export function subjectOf(fields: Fields): Subject | null {
  try {
    return reportedSubject(fields.get("uri") || (fields.get("did") ?? ""));
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}

/** Refuses Forbidden (403) for a holder of a role that the moderator may not act upon. */
export async function moderate(
  { services }: MemberVisit,
  acting: ActingCaller,
  subject: Subject,
  act: ModerationAct,
  fields: Fields,
): Promise<void> {
  await assertOutranks(services, acting, subject.did);
  const note = lineOf(fields, "note").slice(0, NOTE_MAX);
  const down = (applied: boolean, kind: "TAKEDOWN" | "SUSPEND" = "TAKEDOWN", whom = subject) =>
    setTakedown(services, acting, whom, applied ? { applied, ref: takedownRef(kind, note) } : { applied });
  switch (act) {
    case "label": {
      const given = lineOf(fields, "label");
      const neg = given.startsWith("-");
      await createLabels(services, acting, [
        { uri: nameOf(subject), val: neg ? given.slice(1) : given, neg },
      ]);
      break;
    }
    case "suspend":
      await down(true, "SUSPEND", { did: subject.did, uri: null });
      break;
    case "take-down":
      await down(true);
      break;
    case "restore":
      await down(false);
  }
  await closeReports(services, acting, subject, { dismissed: false, note });
}
