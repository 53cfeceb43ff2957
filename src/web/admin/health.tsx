/** The checklist: whether what the host needs works, tested as the page is opened. */
import { start } from "../../lifecycle/doctor/run.ts";
import { readReport } from "../../lifecycle/doctor/status.ts";
import { checkAll, sendTestMail } from "../../lifecycle/host/checks.ts";
import { HealthDeskPage } from "../pages/admin/health.tsx";
import { wrong } from "../problems.ts";
import { type DeskPage, shown } from "./desk.tsx";

export const health: DeskPage = {
  may: ["owner"],
  show: async (visit, said) => {
    const [checks, report] = await Promise.all([checkAll(visit.services), readReport(visit.services.env)]);
    return shown(visit, said, (frame) => <HealthDeskPage {...frame} checks={checks} report={report} />);
  },
  steps: {
    examine: {
      may: ["owner"],
      take: async ({ services }) => {
        await start(services.env);
        return { done: "The examination begins within minutes." };
      },
    },
    mail: {
      may: ["owner"],
      take: async ({ services, member }) => {
        if (member.email === null) return { problem: wrong("Your account has no e-mail address.") };
        const outcome = await sendTestMail(services, member.email);
        return outcome === "sent"
          ? { done: `A mail is on its way to ${member.email}. Look into the folder for spam, too.` }
          : { problem: wrong("The mail was not accepted. The Worker’s log says why.") };
      },
    },
  },
};
