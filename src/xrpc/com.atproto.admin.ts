/**
 * `com.atproto.admin.*`: methods for the admin, role holders and a trusted moderation service. Every act is
 * logged.
 */
import {
  ComAtprotoAdminDeleteAccount,
  ComAtprotoAdminDisableAccountInvites,
  ComAtprotoAdminDisableInviteCodes,
  ComAtprotoAdminEnableAccountInvites,
  ComAtprotoAdminGetAccountInfo,
  ComAtprotoAdminGetAccountInfos,
  ComAtprotoAdminGetInviteCodes,
  ComAtprotoAdminGetSubjectStatus,
  ComAtprotoAdminSearchAccounts,
  ComAtprotoAdminSendEmail,
  ComAtprotoAdminUpdateAccountEmail,
  ComAtprotoAdminUpdateAccountHandle,
  ComAtprotoAdminUpdateAccountPassword,
  ComAtprotoAdminUpdateSubjectStatus,
} from "@atcute/atproto";
import { checkMailAddress } from "../identity/mail/address.ts";
import { updateHandle } from "../lifecycle/handle.ts";
import { setPassword } from "../lifecycle/password.ts";
import { deleteAccount } from "../lifecycle/states.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { accountViews } from "./accounts/account-views.ts";
import { act, sendEmail } from "./admin/acts.ts";
import { method } from "./server/method.ts";
import { hostOwner, moderator } from "./server/role-policies.ts";
import { getSubjectStatus, updateSubjectStatus } from "./admin/subject-status.ts";

export const comAtprotoAdmin = [
  method(ComAtprotoAdminGetAccountInfo, moderator, async ({ params, services }) => {
    const [view] = await accountViews(services, [params.did]);
    if (view === undefined) throw new Refusal("NotFound", "Account not found");
    return view;
  }),

  method(ComAtprotoAdminGetAccountInfos, moderator, async ({ params, services }) => ({
    infos: await accountViews(services, params.dids),
  })),

  // The reference leaves this to its entryway. `email` matches part of an address or handle, or a whole DID.
  method(ComAtprotoAdminSearchAccounts, moderator, async ({ params, services }) => {
    const { email, limit, cursor } = params;
    const page = await services.directory.list({ limit, cursor, search: email });
    const accounts = await accountViews(
      services,
      page.members.map(({ did }) => did),
    );
    return { accounts, cursor: page.cursor };
  }),

  method(ComAtprotoAdminGetSubjectStatus, moderator, ({ params, services }) =>
    getSubjectStatus(services, params),
  ),

  method(ComAtprotoAdminUpdateSubjectStatus, moderator, ({ caller, input, services }) =>
    updateSubjectStatus(services, caller, input),
  ),

  method(ComAtprotoAdminUpdateAccountEmail, hostOwner, async ({ caller, input, services }) => {
    const account = await services.directory.find(input.account);
    if (account === null) throw invalidRequest(`Account does not exist: ${input.account}`);
    checkMailAddress(input.email);
    await act(services, caller, "updateAccountEmail", account.did, {}, () =>
      services.directory.setEmail(account.did, input.email),
    );
  }),

  method(ComAtprotoAdminUpdateAccountHandle, hostOwner, async ({ caller, input, services }) => {
    const { did, handle } = input;
    await act(services, caller, "updateAccountHandle", did, { handle }, () =>
      updateHandle(services, did, handle, { allowReserved: true }),
    );
  }),

  method(ComAtprotoAdminUpdateAccountPassword, hostOwner, async ({ caller, input, services }) => {
    const { did, password } = input;
    if ((await services.directory.findByDid(did)) === null) throw invalidRequest("Account not found");
    await act(services, caller, "updateAccountPassword", did, {}, () => setPassword(services, did, password));
  }),

  method(ComAtprotoAdminDeleteAccount, hostOwner, async ({ caller, input, services }) => {
    await act(services, caller, "deleteAccount", input.did, {}, () => deleteAccount(services, input.did));
  }),

  method(ComAtprotoAdminSendEmail, moderator, ({ caller, input, services }) =>
    sendEmail(services, caller, input),
  ),

  method(ComAtprotoAdminGetInviteCodes, moderator, ({ params, services }) => {
    const { sort, limit, cursor } = params;
    if (sort !== "recent" && sort !== "usage") throw invalidRequest(`unknown sort method: ${sort}`);
    const order: "recent" | "usage" = sort === "usage" ? "usage" : "recent";
    return services.directory.invites.list({ sort: order, limit, cursor });
  }),

  method(ComAtprotoAdminDisableInviteCodes, moderator, async ({ caller, input, services }) => {
    const { codes = [], accounts = [] } = input;
    await act(services, caller, "disableInviteCodes", undefined, { codes, accounts }, () =>
      services.directory.invites.disable({ codes, accounts }),
    );
  }),

  method(ComAtprotoAdminDisableAccountInvites, moderator, async ({ caller, input, services }) => {
    const { account, note } = input;
    await act(services, caller, "disableAccountInvites", account, {}, () =>
      services.directory.setInvitesDisabled(account, true, note),
    );
  }),

  method(ComAtprotoAdminEnableAccountInvites, moderator, async ({ caller, input, services }) => {
    const { account, note } = input;
    await act(services, caller, "enableAccountInvites", account, {}, () =>
      services.directory.setInvitesDisabled(account, false, note),
    );
  }),
];
