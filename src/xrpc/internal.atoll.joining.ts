/** `internal.atoll.joining.*`: requests to join, for tools of those who decide about them. */
import * as v from "@atcute/lexicons/validations";
import { idOf } from "../moderation/audit.ts";
import { WORD_MAX } from "../moderation/join-decisions.ts";
import { type JoinRequest, JoinRequests } from "../moderation/join-requests.ts";
import { DECIDED_MAX, decideJoinRequests, joiningLink } from "./admin/join-requests.ts";
import { method } from "./server/method.ts";
import { moderator } from "./server/role-policies.ts";
import type { Services } from "./server/services.ts";

const anything = { type: "lex", schema: v.object({}) } as const;

const listRequests = v.query("internal.atoll.joining.listRequests", {
  params: v.object({
    state: v.optional(v.literalEnum(["waiting", "approved", "refused", "joined"]), "waiting"),
    limit: v.optional(v.constrain(v.integer(), [v.integerRange(1, 100)]), 50),
    cursor: v.optional(v.string()),
  }),
  output: anything,
});
const decideRequests = v.procedure("internal.atoll.joining.decideRequests", {
  params: null,
  input: {
    type: "lex",
    schema: v.object({
      ids: v.constrain(v.array(v.integer()), [v.arrayLength(1, DECIDED_MAX)]),
      outcome: v.literalEnum(["approve", "refuse"]),
      word: v.optional(v.constrain(v.string(), [v.stringLength(0, WORD_MAX)]), ""),
    }),
  },
  output: anything,
});

/** Once a request is approved, with the link for its applicant; without what is null. */
function requestView({ host }: Services, { code, ...request }: JoinRequest): object {
  const link = code === null ? null : joiningLink(host, { ...request, code });
  return Object.fromEntries(Object.entries({ ...request, link }).filter(([, value]) => value !== null));
}

export const internalAtollJoining = [
  method({ mainSchema: listRequests }, moderator, async ({ params, services }) => {
    const { state, limit, cursor } = params;
    const after = cursor === undefined ? null : idOf(cursor);
    const found = await new JoinRequests(services.env.DIRECTORY).list(state, after, limit);
    const last = found.at(-1);
    return {
      requests: found.map((request) => requestView(services, request)),
      ...(last !== undefined && found.length === limit ? { cursor: String(last.id) } : {}),
    };
  }),

  // Names those that it decided, and those among them whose applicants got no mail, to be told by other means.
  method({ mainSchema: decideRequests }, moderator, async ({ caller, input, services }) => {
    const { requests, untold } = await decideJoinRequests(services, caller, input);
    return {
      requests: requests.map((request) => requestView(services, request)),
      untold: untold.map(({ id }) => id),
    };
  }),
];
