/** A member's backup, what a move left unshown, and switching an account off or deleting it. */
import { requestCode } from "../../lifecycle/email.ts";
import { checkCode } from "../../lifecycle/mailed-codes.ts";
import { deactivateAccount, deleteAccount } from "../../lifecycle/states.ts";
import { consumeForMember } from "../../xrpc/server/rate-limits.ts";
import { lineOf } from "../forms.ts";
import { EndPage } from "../pages/end.tsx";
import { BackupPage, IrregularPage, LeavePage } from "../pages/account/leaving.tsx";
import { problemOf } from "../problems.ts";
import { goTo, render } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { memberVisit, within } from "./member-visit.ts";
import { recoveryKeysOf } from "./recovery.tsx";
import type { Task } from "./task.tsx";
import { shown } from "./task.tsx";

export const backup: Task = {
  show: async (visit, said) => {
    const { partsOf } = await import("../../lifecycle/own-backup/archive.ts");
    const [keys, parts] = await Promise.all([recoveryKeysOf(visit), partsOf(visit.services, visit.member)]);
    return shown(visit, said, (frame) => <BackupPage {...frame} parts={parts} keys={keys} />);
  },
  steps: {},
};

/** The repo as a file. */
export async function downloadBackup(anybody: Visit): Promise<Response> {
  const visit = await memberVisit(anybody);
  if (visit instanceof Response) return visit;
  const { services, member } = visit;
  const car = await services.account(member.did).getRepo("owner");
  return new Response(car, {
    headers: {
      "content-type": "application/vnd.ipld.car",
      "content-disposition": `attachment; filename="${member.handle}.car"`,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
}

export const irregular: Task = {
  show: async (visit, said) => {
    const records = await visit.services.account(visit.member.did).irregularRecords();
    return shown(visit, said, (frame) => <IrregularPage {...frame} irregular={records} />);
  },
  steps: {},
};

const GONE = {
  title: "Your account is deleted",
  message: "Thank you for having been here. Nothing of it is left on this host.",
  way: { href: "/", label: "To the front page" },
};

export const leave: Task = {
  show: (visit, said) =>
    shown(visit, said, (frame) => <LeavePage {...frame} waiting={said.waiting === "delete"} />),
  steps: {
    deactivate: async (visit) => {
      await deactivateAccount(visit.services, visit.member.did, null);
      return goTo(visit, within(visit, "/account"));
    },
    "request-delete": async ({ services, member }) => {
      await consumeForMember(services, member.did, "delete_account");
      await requestCode(services, member.did, "delete_account");
      return { waiting: "delete" };
    },
    delete: async (visit, fields) => {
      const { services, member, browser } = visit;
      try {
        await checkCode(services, member, "delete_account", lineOf(fields, "code"));
        await deleteAccount(services, member.did);
      } catch (thrown) {
        return { problem: problemOf(thrown, fields.keys()), waiting: "delete" };
      }
      await browser.signOut(member.did);
      return render(visit, <EndPage {...visit.frame} {...GONE} />);
    },
  },
  careful: true,
};
