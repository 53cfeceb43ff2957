/** A member takes the host over: what an owner offered, or with the recovery key of an owner who is gone. */
import { Buffer } from "node:buffer";
import type { Did } from "@atcute/lexicons";
import {
  acceptHandOver,
  claimHandOver,
  handOverChallenge,
  handOverUnderWay,
} from "../../lifecycle/host/hand-over.ts";
import { normalizeIdentifier } from "../../xrpc/accounts/check-password.ts";
import { consumeForMember } from "../../xrpc/server/rate-limits.ts";
import { type Fields, lineOf } from "../forms.ts";
import { TakeOverPage } from "../pages/account/hand-over.tsx";
import { wrong } from "../problems.ts";
import { goTo } from "../replies.tsx";
import { completed } from "../sign-in/credentials.ts";
import type { MemberVisit } from "./member-visit.ts";
import { type Task, shown } from "./task.tsx";

/** The owner whom the visitor names, and what their recovery key has to sign. */
async function asked(
  { services, member, frame }: MemberVisit,
  fields: Fields | undefined,
): Promise<{ handle: string; did: Did; challenge: string } | null> {
  const typed = fields?.get("owner") ?? "";
  if (typed === "") return null;
  const owner = await services.directory.findByHandle(completed(normalizeIdentifier(typed), frame.host));
  if (owner === null) return null;
  const challenge = await handOverChallenge(services.env, { from: owner.did, to: member.did });
  return { handle: owner.handle, did: owner.did, challenge };
}

export const takeOver: Task = {
  show: async (visit, said) => {
    const { env, directory } = visit.services;
    const under = await handOverUnderWay(env.DIRECTORY);
    const offer = under?.to === visit.member.did ? under : null;
    const from = offer === null ? null : await directory.findByDid(offer.from);
    const owner = await asked(visit, said.fields);
    return shown(visit, said, (frame) => (
      <TakeOverPage {...frame} offer={offer} from={from?.handle ?? null} owner={owner} />
    ));
  },
  steps: {
    accept: async (visit) => {
      await acceptHandOver(visit.services.env.DIRECTORY, visit.member.did);
      return goTo(visit, "/admin");
    },
    ask: async (visit, fields) =>
      (await asked(visit, fields)) === null
        ? { problem: wrong("There is no such member.", "owner"), fields }
        : { fields },
    claim: async (visit, fields) => {
      const { services, member } = visit;
      const owner = await asked(visit, fields);
      if (owner === null) return { problem: wrong("There is no such member.", "owner"), fields };
      await consumeForMember(services, member.did, "plc_operation");
      await claimHandOver(services, {
        from: owner.did,
        to: member.did,
        key: lineOf(fields, "key"),
        signature: Buffer.from(lineOf(fields, "signature").slice(0, 200), "base64url"),
      });
      return {
        done: "It has begun. The owners are told, and have three days to stop it. Then come back here.",
      };
    },
  },
  careful: true,
};
