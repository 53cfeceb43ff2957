/** Decisions about reports and labels, by owners and moderators: the same for XRPC and for the admin's pages. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { issueLabels } from "../../lifecycle/labels.ts";
import type { WantedLabel } from "../../moderation/issue-labels.ts";
import { ModerationReports, type ReportState, type ReportedSubject } from "../../moderation/reports.ts";
import type { SignedLabel } from "../../protocol/label.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import { ensureDid, isAtUri, isDid, parseAtUri } from "../../protocol/syntax.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";
import { act, assertOutranks } from "./acts.ts";

/**
 * Refuses NotFound, and Forbidden for a report about a holder of a role that the caller may not act upon, be it
 * themselves.
 */
export async function updateReport(
  services: Services,
  caller: ActingCaller,
  { id, state, note }: { id: number; state: ReportState; note?: string | undefined },
): Promise<void> {
  const reports = new ModerationReports(services.env.DIRECTORY);
  await assertOutranks(services, caller, ensureDid(await reports.subjectOf(id)));
  await act(services, caller, "updateReport", undefined, { id, state }, () =>
    reports.setState(id, state, caller.actor, note),
  );
}

/** A checked subject of reports. */
export interface Subject extends ReportedSubject {
  did: Did;
  uri: ResourceUri | null;
}

/** An account's DID, or the at-uri of one of its records. Refuses InvalidRequest. */
export function reportedSubject(subject: string): Subject {
  if (isDid(subject)) return { did: subject, uri: null };
  if (!isAtUri(subject)) throw invalidRequest("A report is about a DID or an at-uri");
  return { did: ensureDid(parseAtUri(subject).repo), uri: subject };
}

/** Changes to all open reports of one subject at once. */
export interface ReportsUpdate {
  subject: string;
  state?: Exclude<ReportState, "open"> | undefined;
  note?: string | undefined;
  /** The moderator who takes care of it; null: nobody. */
  assignedTo?: string | null | undefined;
  /** Whether it is passed on to the owners. */
  escalated?: boolean | undefined;
}

/**
 * Closes, assigns or passes on every open report of a subject. Returns when it was decided, by which
 * `reopenReports` undoes it, and who made the reports. Refuses NotFound, and Forbidden to close reports about a
 * holder of a role that the caller may not act upon.
 */
export async function updateReports(
  services: Services,
  caller: ActingCaller,
  update: ReportsUpdate,
): Promise<{ at: string; reporters: string[] }> {
  const { subject, ...detail } = update;
  const { state, note, assignedTo, escalated } = detail;
  const about = reportedSubject(subject);
  if (state !== undefined) await assertOutranks(services, caller, about.did);
  const reports = new ModerationReports(services.env.DIRECTORY);
  const at = new Date().toISOString();
  const change = {
    ...(assignedTo === undefined ? {} : { assignedTo }),
    ...(escalated === undefined ? {} : { escalatedBy: escalated ? caller.actor : null }),
  };
  const reporters = await act(services, caller, "updateReports", subject, detail, async () => {
    if (state !== undefined) return reports.closeAll(about, { state, note, by: caller.actor, at });
    return reports.changeOpen(about, { ...change, ...(note === undefined ? {} : { note }) });
  });
  return { at, reporters };
}

/** Undoes the decision that closed a subject's reports at that time. Refuses NotFound. */
export async function reopenReports(
  services: Services,
  caller: ActingCaller,
  { subject, at }: { subject: string; at: string },
): Promise<void> {
  await act(services, caller, "reopenReports", subject, { at }, () =>
    new ModerationReports(services.env.DIRECTORY).reopenAll(reportedSubject(subject), at),
  );
}

/** Refuses InvalidRequest, and Forbidden for a holder of a role that the caller may not act upon. */
export async function createLabels(
  services: Services,
  caller: ActingCaller,
  labels: readonly WantedLabel[],
): Promise<SignedLabel[]> {
  for (const { uri } of labels) {
    const did = uri.startsWith("did:") ? uri : parseAtUri(uri).repo;
    if (!isDidText(did)) throw invalidRequest("A label is about a DID or an at-uri of one");
    await assertOutranks(services, caller, did);
  }
  const subject = labels.length === 1 ? labels[0]?.uri : undefined;
  return act(services, caller, "createLabels", subject, { labels }, () =>
    issueLabels(services, services.host.did, labels),
  );
}

const isDidText = (text: string): text is `did:${string}:${string}` => text.startsWith("did:");
