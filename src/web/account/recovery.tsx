/** A member's recovery key: made in the browser, added to their identity with a mailed code. */
import { requestCode } from "../../lifecycle/email.ts";
import { addRecoveryKey, listRecoveryKeys, removeRecoveryKey } from "../../lifecycle/recovery.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { consumeForMember } from "../../xrpc/server/rate-limits.ts";
import { type Fields, lineOf } from "../forms.ts";
import { RecoveryPage } from "../pages/account/recovery.tsx";
import { problemOf } from "../problems.ts";
import type { MemberVisit } from "./member-visit.ts";
import type { Said, Task } from "./task.tsx";
import { shown } from "./task.tsx";

/** The keys that a member holds; "away" if the registry cannot be asked, null if there is none. */
export async function recoveryKeysOf({ services, member }: MemberVisit): Promise<string[] | "away" | null> {
  try {
    return await listRecoveryKeys(services, member.did);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    return "away";
  }
}

export const recovery: Task = {
  show: async (visit, said) => {
    const keys = await recoveryKeysOf(visit);
    return shown(visit, said, (frame) => (
      <RecoveryPage
        {...frame}
        keys={keys}
        asked={said.asked ?? null}
        made={said.fields?.get("recoveryKey")}
      />
    ));
  },
  steps: {
    "request-add": async (visit) => {
      await mailCode(visit);
      return { asked: { step: "add" } };
    },
    "request-remove": async (visit, fields) => {
      await mailCode(visit);
      return { asked: { step: "remove", key: lineOf(fields, "key") } };
    },
    add: (visit, fields) =>
      change(
        visit,
        fields,
        { step: "add" },
        addRecoveryKey,
        "recoveryKey",
        "The recovery key is part of your identity.",
      ),
    remove: (visit, fields) =>
      change(
        visit,
        fields,
        { step: "remove", key: lineOf(fields, "key") },
        removeRecoveryKey,
        "key",
        "The recovery key is removed: it opens nothing any more.",
      ),
  },
  careful: true,
};

async function mailCode({ services, member }: MemberVisit): Promise<void> {
  await consumeForMember(services, member.did, "plc_operation");
  await requestCode(services, member.did, "plc_operation");
}

async function change(
  { services, member }: MemberVisit,
  fields: Fields,
  asked: Said["asked"],
  act: typeof addRecoveryKey,
  field: "recoveryKey" | "key",
  done: string,
): Promise<Said> {
  const wanted = { key: lineOf(fields, field), code: lineOf(fields, "code"), pds: services.host.origin };
  try {
    await act(services, member.did, wanted);
  } catch (thrown) {
    return { problem: problemOf(thrown, fields.keys()), fields, asked };
  }
  return { done };
}
