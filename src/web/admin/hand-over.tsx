/** Hands the host over: the old owner's step, and the way to stop what somebody else began. */
import { handOverUnderWay, offerHandOver, stopHandOver } from "../../lifecycle/host/hand-over.ts";
import { normalizeIdentifier } from "../../xrpc/accounts/check-password.ts";
import { OWNERS } from "../../xrpc/server/role-policies.ts";
import { HandOverPage } from "../pages/admin/hand-over.tsx";
import { wrong } from "../problems.ts";
import { completed } from "../sign-in/credentials.ts";
import { type DeskPage, shown } from "./desk.tsx";

export const handOver: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    const { env, directory } = visit.services;
    const offer = await handOverUnderWay(env.DIRECTORY);
    const people = offer === null ? new Map() : await directory.findAll([offer.from, offer.to]);
    const handleOf = (did: string): string => people.get(did)?.handle ?? did;
    const under =
      offer === null ? null : { ...offer, fromHandle: handleOf(offer.from), toHandle: handleOf(offer.to) };
    return shown(visit, said, (frame) => (
      <HandOverPage {...frame} offer={under} wanted={said.fields?.get("handle")} />
    ));
  },
  steps: {
    offer: {
      may: OWNERS,
      careful: true,
      take: async ({ services, member, frame }, fields) => {
        const handle = completed(normalizeIdentifier(fields.get("handle") ?? ""), frame.host);
        const to = await services.directory.findByHandle(handle);
        if (to === null || to.did === member.did)
          return { problem: wrong("There is no such other member.", "handle"), fields };
        if (to.status !== "active")
          return { problem: wrong("Their account is switched off, or taken down.", "handle"), fields };
        await offerHandOver(services.env.DIRECTORY, member.did, to.did);
        return { done: `@${to.handle} can take the host over now, on their account page.` };
      },
    },
    stop: {
      may: OWNERS,
      careful: true,
      take: async ({ services, caller }) => {
        await stopHandOver(services.env.DIRECTORY, caller.actor);
        return { done: "It is stopped: nothing changes hands." };
      },
    },
  },
};
