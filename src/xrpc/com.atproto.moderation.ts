/**
 * `com.atproto.moderation.*`: reports to this host. If an `atproto-proxy` header addresses another labeler,
 * `proxy.ts` forwards the report before it gets here.
 */
import { ComAtprotoModerationCreateReport } from "@atcute/atproto";
import { invalidRequest } from "../protocol/refusal.ts";
import { ensureDid, parseAtUri } from "../protocol/syntax.ts";
import { createReport } from "./accounts/create-report.ts";
import { STANDARD, TAKENDOWN, memberOrService } from "./server/policies.ts";
import { method } from "./server/method.ts";

/** Taken-down members may appeal. Other hosts forward their members' reports with a service token. */
const reporter = memberOrService({ scopes: [...STANDARD, TAKENDOWN], checkPresent: true });

export const comAtprotoModeration = [
  method(ComAtprotoModerationCreateReport, reporter, async ({ caller, input, services }) => {
    const { reason, reasonType, subject } = input;
    const isRecord = subject.$type === "com.atproto.repo.strongRef";
    if (!isRecord && subject.$type !== "com.atproto.admin.defs#repoRef") {
      throw invalidRequest("Invalid subject");
    }
    const { id, createdAt } = await createReport(services, {
      reasonType,
      reason,
      reportedBy: caller.did,
      subjectDid: isRecord ? ensureDid(parseAtUri(subject.uri).repo) : subject.did,
      ...(isRecord ? { subjectUri: subject.uri, subjectCid: subject.cid } : {}),
    });
    return {
      id,
      reasonType,
      reason,
      subject,
      reportedBy: caller.did,
      createdAt,
    };
  }),
];
