/** Requests to join: who asks and why, decided one at a time, or several with a look before. */
import { JoinRequests } from "../../moderation/join-requests.ts";
import {
  DECIDED_MAX,
  type Decided,
  decideJoinRequests,
  joiningLink,
} from "../../xrpc/admin/join-requests.ts";
import { MODERATORS } from "../../xrpc/server/role-policies.ts";
import type { Fields } from "../forms.ts";
import { OUTCOMES, type Outcome, RequestsPage, STATES } from "../pages/admin/requests.tsx";
import { DecisionPage } from "../pages/admin/requests-preview.tsx";
import { wrong } from "../problems.ts";
import { numberIn } from "./lines.ts";
import { type DeskPage, type DeskVisit, type Said, shown } from "./desk.tsx";

export const requests: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const { searchParams } = visit.url;
    const state = STATES.find(([name]) => name === searchParams.get("show"))?.[0] ?? "waiting";
    const joining = new JoinRequests(visit.services.env.DIRECTORY);
    const found = await joining.list(state, numberIn(visit.url, "after"), DECIDED_MAX + 1);
    const page = found.slice(0, DECIDED_MAX);
    const next = found.length > DECIDED_MAX ? (page.at(-1)?.id ?? null) : null;
    return shown(visit, said, (frame) => (
      <RequestsPage {...frame} state={state} requests={page} after={next} />
    ));
  },
  steps: {
    preview: { may: MODERATORS, take: preview },
    decide: { may: MODERATORS, take: decide },
  },
};

/** The requests that a form names, by fields of their numbers. */
const chosenIn = (fields: Fields): number[] =>
  [...fields.keys()]
    .filter((name) => /^\d{1,15}$/.test(name))
    .map(Number)
    .slice(0, DECIDED_MAX);

const outcomeIn = (fields: Fields): Outcome | null =>
  OUTCOMES.find(([name]) => name === fields.get("outcome"))?.[0] ?? null;

/** Shows what a decision about several would do, and to whom. */
async function preview(visit: DeskVisit, fields: Fields): Promise<Said | Response> {
  const outcome = outcomeIn(fields);
  const found = await new JoinRequests(visit.services.env.DIRECTORY).undecided(chosenIn(fields));
  if (outcome === null || found.length === 0)
    return { problem: wrong("Please choose requests, and what to do.") };
  return shown(visit, {}, (frame) => <DecisionPage {...frame} outcome={outcome} requests={found} />);
}

async function decide(visit: DeskVisit, fields: Fields): Promise<Said> {
  const { services, caller } = visit;
  const [ids, outcome] = [chosenIn(fields), outcomeIn(fields)];
  if (outcome === null || ids.length === 0)
    return { problem: wrong("Please choose requests, and what to do.") };
  const word = (fields.get("word") ?? "").trim();
  const decided = await decideJoinRequests(services, caller, { ids, outcome, word });
  if (decided.requests.length === 0)
    return { problem: wrong("Somebody else decided meanwhile, or it was taken back.") };
  return saidOf(visit, decided, outcome);
}

function saidOf({ services }: DeskVisit, { requests: about, untold }: Decided, outcome: Outcome): Said {
  const names = about.map(({ handle }) => `@${handle}`).join(", ");
  const what = outcome === "approve" ? `${names} may join.` : `Refused: ${names}.`;
  if (untold.length === 0) return { done: `${what} The answer is sent, and stands on their own page.` };
  const done = `${what} No mail could be sent, so it stands on their own page only.`;
  if (outcome === "refuse") return { done };
  const lines = untold.map((request) => `${request.email ?? ""} ${joiningLink(services.host, request)}`);
  return {
    done: `${done} Here is how they get in, to pass on by other means.`,
    once: { text: lines.join("\n"), what: "the links" },
  };
}
