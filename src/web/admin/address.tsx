/** A change of the host's address: what it will do, then the change, then how far it is. */
import { MEMBERS_A_MINUTE, followAddress, moveHost, readMove } from "../../lifecycle/host/move.ts";
import { probeAddress } from "../../lifecycle/host/reach.ts";
import { fixedSettings } from "../../protocol/settings/configured.ts";
import { lineOf } from "../forms.ts";
import { AddressDeskPage } from "../pages/admin/address.tsx";
import { OBSTACLE_WORDS } from "../pages/setup/address.tsx";
import { wrong } from "../problems.ts";
import { leadTo } from "../replies.tsx";
import { originOf } from "../setup/address.tsx";
import { settingProblem } from "../setup/task.tsx";
import { type DeskPage, type DeskVisit, type Said, shown } from "./desk.tsx";

async function show(visit: DeskVisit, said: Said): Promise<Response> {
  const { env, host } = visit.services;
  const { progress, members } = await readMove(env);
  const wanted = said.fields?.get("wanted") ?? null;
  return shown(visit, said, (frame) => (
    <AddressDeskPage
      {...frame}
      origin={host.origin}
      former={env.FORMER_URLS.split(",").filter((each) => each !== "")}
      fixed={fixedSettings(env).includes("PUBLIC_URL")}
      progress={progress}
      members={members}
      minutes={Math.ceil(members / MEMBERS_A_MINUTE)}
      wanted={said.problem === undefined ? wanted : null}
      typed={said.fields?.get("PUBLIC_URL") ?? ""}
    />
  ));
}

/** The origin that was typed, if this host answers there. */
async function reached(visit: DeskVisit, text: string): Promise<{ origin: string } | Said> {
  const { services, secret } = visit;
  const { local, origin: now } = services.host;
  if (text === "") return { problem: wrong("Please enter the name.", "PUBLIC_URL") };
  let origin: string;
  try {
    origin = originOf(text, local);
  } catch (thrown) {
    const problem = settingProblem(thrown);
    if (problem === null) throw thrown;
    return { problem };
  }
  if (origin === now) return { problem: wrong("This is the address already.", "PUBLIC_URL") };
  const obstacle = await probeAddress(origin, { secret, local });
  if (obstacle === "none") return { origin };
  return {
    problem: wrong(`${new URL(origin).host} ${OBSTACLE_WORDS[obstacle]} Nothing was changed.`, "PUBLIC_URL"),
  };
}

export const address: DeskPage = {
  may: ["owner"],
  show,
  steps: {
    look: {
      may: ["owner"],
      take: async (visit, fields) => {
        const found = await reached(visit, lineOf(fields, "PUBLIC_URL"));
        if (!("origin" in found)) return { ...found, fields };
        return { fields: new Map([["wanted", found.origin]]) };
      },
    },
    move: {
      may: ["owner"],
      careful: true,
      take: async (visit, fields) => {
        const wanted = lineOf(fields, "wanted");
        const { env, host } = visit.services;
        // Somebody pressed twice.
        if (wanted === host.origin) return leadTo(visit, `${wanted}/admin/address`);
        const found = await reached(visit, wanted);
        if (!("origin" in found)) return found;
        await moveHost(env, visit.caller.actor, found.origin);
        // Sign-ins are bound to a name, so the owner signs in again there.
        return leadTo(visit, `${found.origin}/admin/address`);
      },
    },
    follow: {
      may: ["owner"],
      careful: true,
      take: async (visit) => {
        if (!fixedSettings(visit.services.env).includes("PUBLIC_URL"))
          return { problem: wrong("The environment does not set the address: enter another one.") };
        await followAddress(visit.services.env, visit.caller.actor);
        return { done: "Members’ identities follow from now on, some each minute." };
      },
    },
  },
};
