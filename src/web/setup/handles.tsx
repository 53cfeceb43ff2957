/** The domains of members' handles. */
import { readKept } from "../../../schema/kept-settings.ts";
import { changeSettings } from "../../lifecycle/host/settings.ts";
import { type Check, checkHandles } from "../../lifecycle/host/checks.ts";
import { fitSetting } from "../../protocol/settings/list.ts";
import { fixedSettings } from "../../protocol/settings/configured.ts";
import type { Fields } from "../forms.ts";
import { lineOf } from "../forms.ts";
import { HandlesPage } from "../pages/setup/handles.tsx";
import { wrong } from "../problems.ts";
import type { SetUpVisit } from "./access.tsx";
import { type Said, type SetUpTask, leave, shown } from "./task.tsx";

interface HandlesSaid extends Said {
  checks?: Check[];
}

/** Domains that are tested at once: each costs a request. */
const TESTED_MAX = 5;

/**
 * The domain that fits the host's name: `pds.example.com` has handles beside it, since a certificate covers
 * one level alone.
 */
export function proposedDomain(hostname: string): string {
  const labels = hostname.split(".");
  return labels.length > 2 ? `.${labels.slice(1).join(".")}` : `.${hostname}`;
}

async function show(visit: SetUpVisit, said: HandlesSaid): Promise<Response> {
  const { env, host } = visit.services;
  const kept = await readKept(env);
  const fixed = fixedSettings(env).includes("HANDLE_DOMAINS");
  const isSet = fixed || "HANDLE_DOMAINS" in kept || host.local;
  const domains = isSet ? host.handleDomains.join(", ") : proposedDomain(host.hostname);
  return shown(visit, "handles", said, (frame) => (
    <HandlesPage
      {...frame}
      domains={said.fields?.get("HANDLE_DOMAINS") ?? domains}
      fixed={fixed}
      checks={said.checks ?? []}
    />
  ));
}

async function save(visit: SetUpVisit, fields: Fields): Promise<Response> {
  const { env } = visit.services;
  const text = lineOf(fields, "HANDLE_DOMAINS");
  if (!fixedSettings(env).includes("HANDLE_DOMAINS"))
    await changeSettings(env, visit.actor, { HANDLE_DOMAINS: text });
  return leave(visit, "handles");
}

async function test(visit: SetUpVisit, fields: Fields): Promise<Response> {
  const { services } = visit;
  const text = lineOf(fields, "HANDLE_DOMAINS");
  if (text === "") return show(visit, { fields, problem: wrong("Please enter a domain.", "HANDLE_DOMAINS") });
  const domains = fitSetting("HANDLE_DOMAINS", text, services.host.local).split(",").slice(0, TESTED_MAX);
  const checks = await Promise.all(domains.map((domain) => checkHandles(services, domain)));
  return show(visit, { fields, checks });
}

export const handles: SetUpTask = { show, steps: { save, test } };
