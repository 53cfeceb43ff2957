/** Decisions about reports and labels, by owners and moderators: the same for XRPC and for the admin's pages. */
import { issueLabels } from "../../lifecycle/labels.ts";
import type { WantedLabel } from "../../moderation/issue-labels.ts";
import { ModerationReports, type ReportState } from "../../moderation/reports.ts";
import type { SignedLabel } from "../../protocol/label.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import { parseAtUri } from "../../protocol/syntax.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";
import { act, assertOutranks } from "./acts.ts";

export async function updateReport(
  services: Services,
  caller: ActingCaller,
  { id, state, note }: { id: number; state: ReportState; note?: string | undefined },
): Promise<void> {
  await act(services, caller, "updateReport", undefined, { id, state }, () =>
    new ModerationReports(services.env.DIRECTORY).setState(id, state, caller.actor, note),
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
