/** The account page itself, and a newcomer's first steps. */
import { listCredentials } from "../../lifecycle/credentials.ts";
import { activateAccount } from "../../lifecycle/states.ts";
import { OverviewPage } from "../pages/account/overview.tsx";
import { WelcomePage } from "../pages/host.tsx";
import { profileOf } from "../profiles.ts";
import { goTo } from "../replies.tsx";
import { invitesLeft } from "./invites.tsx";
import type { Task } from "./task.tsx";
import { serverOf, shown } from "./task.tsx";

export const overview: Task = {
  show: async (visit, said) => {
    const { member, services, others, role } = visit;
    const { did } = member;
    const { accounts, provider } = await serverOf(visit);
    const [profile, sessions, browsers, { passkeys, appPasswords }, invites, irregular] = await Promise.all([
      profileOf(services, did),
      provider.tokenManager.listAccountTokens(did),
      accounts.listDeviceAccounts({ did }),
      listCredentials(services, did),
      invitesLeft(visit),
      services.account(did).irregularRecords(),
    ]);
    const counts = {
      apps: new Set(sessions.map(({ data }) => data.clientId)).size,
      browsers: browsers.length,
      passkeys: passkeys.length,
      appPasswords: appPasswords.length,
      invites,
      irregular: irregular.count,
    };
    return shown(visit, said, (frame) => (
      <OverviewPage {...frame} profile={profile} counts={counts} others={others} holdsRole={role !== null} />
    ));
  },
  steps: {
    "sign-out": async (visit) => {
      await visit.browser.signOut(visit.member.did);
      return goTo(visit, "/account");
    },
    activate: async ({ services, member }) => {
      await activateAccount(services, member.did, services.host.origin);
      return { done: "Your account is switched on." };
    },
  },
};

/** The first page for a new member. */
export const welcome: Task = {
  show: (visit, said) => shown(visit, said, (frame) => <WelcomePage {...frame} />),
  steps: {},
};
