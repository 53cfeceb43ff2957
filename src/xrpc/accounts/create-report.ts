/** Reports to this host, by whichever way they come. */
import { tellModerators } from "../../lifecycle/report-mail.ts";
import { ModerationReports, type NewReport } from "../../moderation/reports.ts";
import { consumeReport } from "../server/rate-limits.ts";
import type { Services } from "../server/services.ts";

/** Stores a report, and tells the moderators. Refuses RateLimitExceeded. */
export async function createReport(
  services: Services,
  report: NewReport,
): Promise<{ id: number; createdAt: string }> {
  const { reportedBy } = report;
  const from = (await services.directory.findByDid(reportedBy)) === null ? "outsider" : "member";
  await consumeReport(services, reportedBy, from);
  const made = await new ModerationReports(services.env.DIRECTORY).create(report, from);
  services.defer(tellModerators(services.env));
  return made;
}
