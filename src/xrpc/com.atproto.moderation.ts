/**
 * `com.atproto.moderation.*`: reports to this host. If an `atproto-proxy` header addresses another labeler,
 * `proxy.ts` forwards the report before it gets here.
 */
import { ComAtprotoModerationCreateReport } from "@atcute/atproto";
import { ModerationReports } from "../moderation/reports.ts";
import { tellModerators } from "../lifecycle/report-mail.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import { parseAtUri } from "../protocol/syntax.ts";
import { STANDARD, TAKENDOWN, memberOrService } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { consumeReport } from "./server/rate-limits.ts";

/** Taken-down members may appeal. Other hosts forward their members' reports with a service token. */
const reporter = memberOrService({ scopes: [...STANDARD, TAKENDOWN] });

export const comAtprotoModeration = [
  method(ComAtprotoModerationCreateReport, reporter, async ({ caller, input, services }) => {
    const { reason, reasonType, subject } = input;
    const isRecord = subject.$type === "com.atproto.repo.strongRef";
    if (!isRecord && subject.$type !== "com.atproto.admin.defs#repoRef") {
      throw invalidRequest("Invalid subject");
    }
    const from = (await services.directory.findByDid(caller.did)) === null ? "outsider" : "member";
    await consumeReport(services, caller.did, from);
    const { id, createdAt } = await new ModerationReports(services.env.DIRECTORY).create(
      {
        reasonType,
        reason,
        reportedBy: caller.did,
        subjectDid: isRecord ? parseAtUri(subject.uri).repo : subject.did,
        ...(isRecord ? { subjectUri: subject.uri, subjectCid: subject.cid } : {}),
      },
      from,
    );
    services.defer(tellModerators(services.env));
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
