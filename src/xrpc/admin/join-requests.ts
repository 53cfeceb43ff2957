/** Decisions on requests to join. The applicants see them on their own page, and by mail if there is mail. */
import { newInviteCode } from "../../identity/invites.ts";
import { writeText } from "../../identity/mail/texts.ts";
import { JoinDecisions, WORD_MAX } from "../../moderation/join-decisions.ts";
import type { JoinRequest } from "../../moderation/join-requests.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";

/** Requests that one decision is about: each is a mail and its note, and the free plan allows fifty queries. */
export const DECIDED_MAX = 10;

export interface DecisionInput {
  ids: readonly number[];
  outcome: "approve" | "refuse";
  /** The text that the applicants get with it; may be empty. */
  word: string;
}

export interface Decided {
  /** Those that were not decided in the meantime. */
  requests: JoinRequest[];
  /** Those among them whose applicants got no mail. */
  untold: JoinRequest[];
}

/** Refuses InvalidRequest for too many at once, too long a word, and what `JoinRequests.approve` refuses. */
export async function decideJoinRequests(
  services: Services,
  { actor }: ActingCaller,
  { ids, outcome, word }: DecisionInput,
): Promise<Decided> {
  if (ids.length > DECIDED_MAX) throw invalidRequest(`${DECIDED_MAX} requests are decided at a time at most`);
  if (word.length > WORD_MAX) throw invalidRequest(`A word has ${WORD_MAX} characters at most`);
  const joining = new JoinDecisions(services.env.DIRECTORY);
  const decision = { ids, actor, word };
  const requests =
    outcome === "approve"
      ? await joining.approve(decision, () => newInviteCode(services.host.hostname))
      : await joining.refuse(decision);
  const told = await Promise.all(requests.map((request) => tell(services, request)));
  return { requests, untold: requests.filter((_, i) => !told[i]) };
}

/** The link with which an approved applicant signs up. */
export const joiningLink = ({ origin }: Services["host"], { code }: JoinRequest): string =>
  `${origin}/join/${code ?? ""}`;

/** Whether the applicant was told by mail. */
async function tell({ mailer, host, env }: Services, request: JoinRequest): Promise<boolean> {
  const { email, handle, word, state } = request;
  if (email === null) return false;
  const kind = state === "approved" ? "let_in" : "turned_down";
  const community = env.HOST_NAME || host.hostname;
  const { subject, text } = await writeText(env, kind, {
    handle,
    community,
    link: joiningLink(host, request),
  });
  const said = word === null ? "" : `\n\n${word}`;
  return (await mailer.send({ kind, to: email, subject, text: `${text}${said}\n` })) === "sent";
}
