/** The host's address: the one it is asked at, or a domain of its owner's, once that reaches the host. */
import { UnfitSetting, changeSettings } from "../../lifecycle/host/settings.ts";
import { type Obstacle, probeAddress } from "../../lifecycle/host/reach.ts";
import { fitSetting } from "../../protocol/settings/list.ts";
import { fixedSettings } from "../../protocol/settings/configured.ts";
import { Unfit } from "../../protocol/settings/unfit.ts";
import type { Fields } from "../forms.ts";
import { lineOf } from "../forms.ts";
import { AddressPage } from "../pages/setup/address.tsx";
import { wrong } from "../problems.ts";
import { goTo, leadTo } from "../replies.tsx";
import { SETUP, type SetUpVisit } from "./access.tsx";
import { pathAfter } from "./pages.ts";
import { type Said, type SetUpTask, leave, shown } from "./task.tsx";

interface AddressSaid extends Said {
  /** The obstacle between the wanted address and this host. */
  found?: { origin: string; obstacle: Obstacle };
}

const hereOf = ({ url }: SetUpVisit): string => url.origin;

function show(visit: SetUpVisit, said: AddressSaid): Response {
  const { env } = visit.services;
  return shown(visit, "address", said, (frame) => (
    <AddressPage
      {...frame}
      here={hereOf(visit)}
      set={env.PUBLIC_URL}
      fixed={fixedSettings(env).includes("PUBLIC_URL")}
      typed={said.fields?.get("PUBLIC_URL") ?? ""}
      found={said.found ?? null}
      owned={visit.state.owned}
    />
  ));
}

/** Accepts a bare name. Throws `UnfitSetting`. */
export function originOf(text: string, isLocal: boolean): string {
  const address = /^https?:\/\//.test(text) ? text : `https://${text}`;
  try {
    return fitSetting("PUBLIC_URL", address, isLocal);
  } catch (thrown) {
    if (!(thrown instanceof Unfit)) throw thrown;
    throw new UnfitSetting("PUBLIC_URL", thrown.message);
  }
}

async function save(visit: SetUpVisit, fields: Fields): Promise<Response> {
  const { services, actor } = visit;
  const { env } = services;
  if (fixedSettings(env).includes("PUBLIC_URL")) return leave(visit, "address");
  if (visit.state.owned && env.PUBLIC_URL !== "") return goTo(visit, pathAfter("address"));
  if (fields.get("where") === "here") {
    await changeSettings(env, actor, { PUBLIC_URL: hereOf(visit) });
    return leave(visit, "address");
  }
  const text = lineOf(fields, "PUBLIC_URL");
  if (text === "") return show(visit, { fields, problem: wrong("Please enter the name.", "PUBLIC_URL") });
  const origin = originOf(text, env.LOCAL === "1");
  const prober = { secret: visit.secret, local: env.LOCAL === "1" };
  const obstacle = origin === hereOf(visit) ? "none" : await probeAddress(origin, prober);
  if (obstacle !== "none") return show(visit, { fields, found: { origin, obstacle } });
  await changeSettings(env, actor, { PUBLIC_URL: origin });
  await visit.setUp.leave("address");
  if (origin === hereOf(visit)) return goTo(visit, pathAfter("address"));
  // Cookies do not come along to another name.
  const query = new URLSearchParams({ pass: await visit.setUp.makePass() });
  return leadTo(visit, `${origin}${SETUP}/enter?${query.toString()}`);
}

export const address: SetUpTask = { show, steps: { save } };
