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
import { setPassword } from "../lifecycle/password.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { accountViews } from "./accounts/account-views.ts";
import { act, sendEmail } from "./admin/acts.ts";
import {
  deleteAccount,
  disableInviteCodes,
  memberAt,
  setAccountInvites,
  updateAccountEmail,
  updateAccountHandle,
} from "./admin/members.ts";
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
    await updateAccountEmail(services, caller, account, input.email);
  }),

  method(ComAtprotoAdminUpdateAccountHandle, hostOwner, async ({ caller, input, services }) => {
    await updateAccountHandle(services, caller, input.did, input.handle);
  }),

  method(ComAtprotoAdminUpdateAccountPassword, hostOwner, async ({ caller, input, services }) => {
    const { did, password } = input;
    await memberAt(services, did);
    await act(services, caller, "updateAccountPassword", did, {}, () => setPassword(services, did, password));
  }),

  method(ComAtprotoAdminDeleteAccount, hostOwner, async ({ caller, input, services }) => {
    await deleteAccount(services, caller, input.did);
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
    await disableInviteCodes(services, caller, input);
  }),

  method(ComAtprotoAdminDisableAccountInvites, moderator, async ({ caller, input, services }) => {
    const { account, note } = input;
    await setAccountInvites(services, caller, account, { disabled: true, note });
  }),

  method(ComAtprotoAdminEnableAccountInvites, moderator, async ({ caller, input, services }) => {
    const { account, note } = input;
    await setAccountInvites(services, caller, account, { disabled: false, note });
  }),
];
