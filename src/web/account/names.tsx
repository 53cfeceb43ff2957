/** Changes of handle and e-mail address. */
import { confirmEmail, requestCode, requestEmailUpdate, updateEmail } from "../../lifecycle/email.ts";
import { updateHandle } from "../../lifecycle/handle.ts";
import { normalizeIdentifier } from "../../xrpc/accounts/check-password.ts";
import { consumeForMember } from "../../xrpc/server/rate-limits.ts";
import { lineOf } from "../forms.ts";
import { EmailPage, HandlePage } from "../pages/account/names.tsx";
import { problemOf } from "../problems.ts";
import type { MemberVisit } from "./member-visit.ts";
import type { Task } from "./task.tsx";
import { shown } from "./task.tsx";

export const handle: Task = {
  show: (visit, said) =>
    shown(visit, said, (frame) => (
      <HandlePage {...frame} wanted={said.problem ? said.fields?.get("handle") : undefined} />
    )),
  steps: {
    change: async ({ services, member, frame }, fields) => {
      const wanted = normalizeIdentifier(fields.get("handle") ?? "");
      await consumeForMember(services, member.did, "handle");
      await updateHandle(
        services,
        member.did,
        wanted.includes(".") ? wanted : `${wanted}${frame.host.handleDomains[0]}`,
      );
      return { done: "Your handle is changed." };
    },
  },
  careful: true,
};

/** Whether the change must be confirmed by a code, which is then mailed to the current address. */
async function mustConfirm({ services, member }: MemberVisit): Promise<boolean> {
  await consumeForMember(services, member.did, "update_email");
  if (member.email === null) return false;
  return (await requestEmailUpdate(services, member.did)).tokenRequired;
}

export const email: Task = {
  show: (visit, said) =>
    shown(visit, said, (frame) => (
      <EmailPage
        {...frame}
        wanted={said.fields?.get("email")}
        waiting={said.waiting === "change" || said.waiting === "confirm" ? said.waiting : null}
      />
    )),
  steps: {
    "request-change": async (visit, fields) => {
      if (await mustConfirm(visit)) return { waiting: "change", fields };
      await updateEmail(visit.services, visit.member.did, lineOf(fields, "email"), undefined);
      return { done: "Your e-mail address is changed." };
    },
    change: async ({ services, member }, fields) => {
      try {
        await updateEmail(services, member.did, lineOf(fields, "email"), lineOf(fields, "code"));
      } catch (thrown) {
        return { problem: problemOf(thrown, fields.keys()), waiting: "change", fields };
      }
      return { done: "Your e-mail address is changed." };
    },
    "request-confirm": async ({ services, member }) => {
      await consumeForMember(services, member.did, "confirm_email");
      await requestCode(services, member.did, "confirm_email");
      return { waiting: "confirm" };
    },
    confirm: async ({ services, member }, fields) => {
      try {
        await confirmEmail(services, member.did, member.email ?? "", lineOf(fields, "code"));
      } catch (thrown) {
        return { problem: problemOf(thrown, fields.keys()), waiting: "confirm" };
      }
      return { done: "Your e-mail address is confirmed." };
    },
  },
  careful: true,
};
