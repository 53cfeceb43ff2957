/**
 * `internal.atoll.admin.*`: methods for this host's own admin pages and tools that no public lexicon has. The
 * name is under no domain, so it cannot be mistaken for a public one.
 */
import * as v from "@atcute/lexicons/validations";
import { MailCodes } from "../identity/mail/codes.ts";
import { ModerationAudit } from "../moderation/audit.ts";
import { ModerationLabels, labelView } from "../moderation/labels.ts";
import { ModerationReports } from "../moderation/reports.ts";
import { ModerationRoles } from "../moderation/roles.ts";
import { listCredentials as credentialsOf } from "../lifecycle/credentials.ts";
import { rebuildIndex as rebuildIndexFor } from "../lifecycle/rebuild.ts";
import { relayStatuses } from "../lifecycle/relays.ts";
import { act } from "./admin/acts.ts";
import {
  createResetCode as createResetCodeFor,
  endSessions as endSessionsOf,
  grantRole as grantRoleTo,
  memberAt,
  revokeCredentials as revokeCredentialsOf,
  revokeRole as revokeRoleOf,
} from "./admin/members.ts";
import {
  createLabels as issue,
  reopenReports as reopen,
  updateReport as decide,
  updateReports as decideAll,
} from "./admin/reports.ts";
import { releaseNames as release, reserveNames as reserve } from "./admin/names.ts";
import { method } from "./server/method.ts";
import { anything, input, page } from "./server/own-schemas.ts";
import { hostOwner, moderator } from "./server/role-policies.ts";

/** The time that one call spends on a rebuild, in milliseconds. */
const REBUILD_MS = 10_000;

const listReports = v.query("internal.atoll.admin.listReports", {
  params: v.object({
    ...page,
    state: v.optional(v.literalEnum(["open", "resolved", "dismissed"])),
    subject: v.optional(v.didString()),
  }),
  output: anything,
});
const updateReport = v.procedure("internal.atoll.admin.updateReport", {
  params: null,
  input: input({
    id: v.integer(),
    state: v.literalEnum(["open", "resolved", "dismissed"]),
    note: v.optional(v.constrain(v.string(), [v.stringLength(0, 2_000)])),
  }),
  output: null,
});
const subject = v.constrain(v.string(), [v.stringLength(1, 2_048)]);
const updateReports = v.procedure("internal.atoll.admin.updateReports", {
  params: null,
  input: input({
    subject,
    state: v.optional(v.literalEnum(["resolved", "dismissed"])),
    note: v.optional(v.constrain(v.string(), [v.stringLength(0, 2_000)])),
    assignedTo: v.optional(v.nullable(v.didString())),
    escalated: v.optional(v.boolean()),
  }),
  output: anything,
});
const reopenReports = v.procedure("internal.atoll.admin.reopenReports", {
  params: null,
  input: input({ subject, at: v.datetimeString() }),
  output: null,
});
const createLabels = v.procedure("internal.atoll.admin.createLabels", {
  params: null,
  input: input({
    labels: v.constrain(
      v.array(
        v.object({
          uri: v.string(),
          cid: v.optional(v.string()),
          val: v.string(),
          neg: v.optional(v.boolean()),
          exp: v.optional(v.string()),
        }),
      ),
      [v.arrayLength(1, 50)],
    ),
  }),
  output: anything,
});
const listLabels = v.query("internal.atoll.admin.listLabels", { params: v.object(page), output: anything });
const listRoles = v.query("internal.atoll.admin.listRoles", { params: null, output: anything });
const grantRole = v.procedure("internal.atoll.admin.grantRole", {
  params: null,
  input: input({ did: v.didString(), role: v.literalEnum(["owner", "moderator", "inviter"]) }),
  output: null,
});
const revokeRole = v.procedure("internal.atoll.admin.revokeRole", {
  params: null,
  input: input({ did: v.didString() }),
  output: null,
});
const listAudit = v.query("internal.atoll.admin.listAudit", {
  params: v.object({ ...page, actor: v.optional(v.string()), subject: v.optional(v.string()) }),
  output: anything,
});
const listCredentials = v.query("internal.atoll.admin.listCredentials", {
  params: v.object({ did: v.didString() }),
  output: anything,
});
const revokeCredentials = v.procedure("internal.atoll.admin.revokeCredentials", {
  params: null,
  input: input({ did: v.didString() }),
  output: null,
});
const endSessions = v.procedure("internal.atoll.admin.endSessions", {
  params: null,
  input: input({ did: v.didString() }),
  output: null,
});
const createResetCode = v.procedure("internal.atoll.admin.createResetCode", {
  params: null,
  input: input({ did: v.didString() }),
  output: anything,
});
const names = v.constrain(v.array(v.string()), [v.arrayLength(1, 50)]);
const listReservedNames = v.query("internal.atoll.admin.listReservedNames", {
  params: v.object(page),
  output: anything,
});
const reserveNames = v.procedure("internal.atoll.admin.reserveNames", {
  params: null,
  input: input({ names }),
  output: null,
});
const releaseNames = v.procedure("internal.atoll.admin.releaseNames", {
  params: null,
  input: input({ names }),
  output: null,
});
const listUnsentMail = v.query("internal.atoll.admin.listUnsentMail", {
  params: v.object({ did: v.optional(v.didString()) }),
  output: anything,
});
const getRelayStatus = v.query("internal.atoll.admin.getRelayStatus", {
  params: v.object({ did: v.optional(v.didString()) }),
  output: anything,
});
const rebuildIndex = v.procedure("internal.atoll.admin.rebuildIndex", {
  params: null,
  input: input({ restart: v.boolean() }),
  output: anything,
});

export const internalAtollAdmin = [
  method({ mainSchema: listReports }, moderator, ({ params, services }) =>
    new ModerationReports(services.env.DIRECTORY).list(params),
  ),

  method({ mainSchema: updateReport }, moderator, async ({ caller, input: wanted, services }) => {
    await decide(services, caller, wanted);
  }),

  method({ mainSchema: updateReports }, moderator, async ({ caller, input: wanted, services }) => ({
    ...(await decideAll(services, caller, wanted)),
  })),

  method({ mainSchema: reopenReports }, moderator, async ({ caller, input: wanted, services }) => {
    await reopen(services, caller, wanted);
  }),

  method({ mainSchema: createLabels }, moderator, async ({ caller, input: { labels }, services }) => ({
    labels: (await issue(services, caller, labels)).map(labelView),
  })),

  method({ mainSchema: listLabels }, moderator, async ({ params, services }) => {
    const found = await new ModerationLabels(services.env.DIRECTORY).before(params.cursor, params.limit);
    const last = found.at(-1);
    return {
      labels: found.map(({ label }) => labelView(label)),
      cursor: last !== undefined && found.length === params.limit ? String(last.seq) : undefined,
    };
  }),

  method({ mainSchema: listRoles }, hostOwner, async ({ services }) => ({
    roles: await new ModerationRoles(services.env.DIRECTORY).list(),
  })),

  method({ mainSchema: grantRole }, hostOwner, async ({ caller, input: { did, role }, services }) => {
    await grantRoleTo(services, caller, did, role);
  }),

  method({ mainSchema: revokeRole }, hostOwner, async ({ caller, input: { did }, services }) => {
    await revokeRoleOf(services, caller, did);
  }),

  method({ mainSchema: listAudit }, moderator, ({ params, services }) =>
    new ModerationAudit(services.env.DIRECTORY).list(params),
  ),

  // Credentials that a new password (com.atproto.admin.updateAccountPassword) does not lock out.
  method({ mainSchema: listCredentials }, hostOwner, async ({ params: { did }, services }) => {
    await memberAt(services, did);
    return { ...(await credentialsOf(services, did)) };
  }),

  method({ mainSchema: revokeCredentials }, hostOwner, async ({ caller, input: { did }, services }) => {
    await revokeCredentialsOf(services, caller, did);
  }),

  method({ mainSchema: endSessions }, moderator, async ({ caller, input: { did }, services }) => {
    await endSessionsOf(services, caller, did);
  }),

  method({ mainSchema: createResetCode }, hostOwner, async ({ caller, input: { did }, services }) => ({
    ...(await createResetCodeFor(services, caller, did)),
  })),

  method({ mainSchema: listReservedNames }, hostOwner, ({ params, services }) =>
    services.directory.reservedNames.list(params.limit, params.cursor),
  ),

  method({ mainSchema: reserveNames }, hostOwner, async ({ caller, input: wanted, services }) => {
    await reserve(services, caller, wanted.names);
  }),

  method({ mainSchema: releaseNames }, hostOwner, async ({ caller, input: wanted, services }) => {
    await release(services, caller, wanted.names);
  }),

  method({ mainSchema: listUnsentMail }, hostOwner, async ({ params, services }) => ({
    mails: await new MailCodes(services.env.DIRECTORY).unsent(params.did),
  })),

  method({ mainSchema: getRelayStatus }, moderator, async ({ params, services }) => ({
    relays: await relayStatuses(services.env, services.host.hostname, params.did),
  })),

  // Begins or continues a rebuild of the AppView's index. Callers repeat the call until it reports `done`.
  method({ mainSchema: rebuildIndex }, hostOwner, async ({ caller, input: { restart }, services }) => {
    const rebuild = () => rebuildIndexFor(services.env, services.ownAppView(), { restart, ms: REBUILD_MS });
    return { rebuild: await act(services, caller, "rebuildIndex", undefined, { restart }, rebuild) };
  }),
];
