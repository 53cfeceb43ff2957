/**
 * Carries out decisions about a subject, of the admin's pages and of the app: takedowns, and the end of its
 * reports.
 */
import { recordStatus } from "../../lifecycle/takedown-status.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";
import { type Subject, updateReports } from "./reports.ts";
import { setAccountTakedown, updateSubjectStatus } from "./subject-status.ts";

export const nameOf = ({ did, uri }: Subject): string => uri ?? did;

/**
 * Takes a subject down, or restores it. Refuses Forbidden (403) for a holder of a role that the caller may not act
 * upon.
 * @param seen the version that was reported; by default the present one
 */
export async function setTakedown(
  services: Services,
  caller: ActingCaller,
  { did, uri }: Subject,
  takedown: { applied: boolean; ref?: string },
  seen = "",
): Promise<void> {
  if (uri === null) return setAccountTakedown(services, caller, did, takedown.ref ?? null);
  const cid = seen === "" ? ((await recordStatus(services, uri))?.cid ?? "") : seen;
  const subject = { $type: "com.atproto.repo.strongRef", uri, cid } as const;
  await updateSubjectStatus(services, caller, { subject, takedown });
}

/**
 * Closes the reports about a subject, if there are any. Returns when (empty if there were none), and who made them.
 */
export async function closeReports(
  services: Services,
  caller: ActingCaller,
  subject: Subject,
  { dismissed, note }: { dismissed: boolean; note: string },
): Promise<{ at: string; reporters: string[] }> {
  try {
    return await updateReports(services, caller, {
      subject: nameOf(subject),
      state: dismissed ? "dismissed" : "resolved",
      note: note || undefined,
    });
  } catch (thrown) {
    if (!isRefusal(thrown) || thrown.error !== "NotFound") throw thrown;
    return { at: "", reporters: [] };
  }
}

/** The reference of a takedown: its kind, by which the wire tells a suspension, and the moderator's note. */
export const takedownRef = (kind: "TAKEDOWN" | "SUSPEND", note: string): string =>
  `${kind} ${note}`.trim().slice(0, 200);
