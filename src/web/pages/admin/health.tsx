/** The checklist on the admin's desk. */
import type { FC } from "hono/jsx";
import type { Report, ShownFinding } from "../../../lifecycle/doctor/status.ts";
import type { Check } from "../../../lifecycle/host/checks.ts";
import { ButtonForm } from "../form.tsx";
import { day } from "../parts.tsx";
import { Checks } from "../setup/checks.tsx";
import { counted } from "../words.ts";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";

interface HealthProps extends DeskFrame {
  checks: readonly Check[];
  /** Null: nothing was examined yet. */
  report: Report | null;
}

export const HealthDeskPage: FC<HealthProps> = ({ checks, report, ...frame }) => (
  <DeskPage {...frame} title="Health" lead={verdict(checks)}>
    <Checks checks={checks} />
    <div class="inline">
      <a class="button quiet" href={frame.to("/admin/health")}>
        Test again
      </a>
      <ButtonForm {...frame.sender} step="mail">
        Send me a mail
      </ButtonForm>
      <a class="button quiet" href={frame.to("/admin/address")}>
        Change the address
      </a>
    </div>
    <section>
      <h2>What is kept</h2>
      <p class="lead">{reportWords(report)}</p>
      {report === null ? null : <Checks checks={report.findings.map(checkOf)} />}
      {report !== null && report.endedAt === null ? null : (
        <ButtonForm {...frame.sender} step="examine">
          Examine now
        </ButtonForm>
      )}
    </section>
  </DeskPage>
);

const EACH_WEEK = "Each week, this host compares all that it keeps with what it should be";

function reportWords(report: Report | null): string {
  if (report === null) return `${EACH_WEEK}. The first time is still to come.`;
  const { endedAt, accounts, findings, more, error } = report;
  if (error !== null) return `It does not get on: ${error}. It is tried again each minute.`;
  const looked = `${counted(accounts, "account")} looked at`;
  if (endedAt === null) return `It is at it: ${looked} so far.`;
  const when = `${EACH_WEEK}, last on ${day(endedAt)}: ${looked}`;
  if (findings.length === 0) return `${when}, and everything is whole.`;
  const left = findings.filter(({ mended }) => !mended).length + more;
  return left === 0 ? `${when}. What was wrong was mended.` : `${when}. ${left} of the findings need you.`;
}

const checkOf = ({ did, handle, mended, found, mend }: ShownFinding): Check => ({
  what: handle === null ? did : `@${handle}`,
  health: mended ? "well" : "ill",
  found,
  mend,
});

function verdict(checks: readonly Check[]): string {
  const ill = checks.filter(({ health }) => health === "ill").length;
  if (ill === 0)
    return "Each thing was tested just now, from outside where a Worker can. Nothing has to be mended.";
  return `Each thing was tested just now, from outside where a Worker can. ${ill === 1 ? "One has" : `${ill} have`} to be mended.`;
}
