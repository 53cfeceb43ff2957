/** Where a member is signed in: browsers and connected apps. */
import { signOutEverywhere } from "../../lifecycle/credentials.ts";
import type { OAuthServer } from "../../oauth/provider.ts";
import { appOf } from "../authorize/app-name.ts";
import { type AppSession, AppsPage, BrowsersPage } from "../pages/account/sessions.tsx";
import { askedFor } from "../consent/scope-words.ts";
import { goTo } from "../replies.tsx";
import { isBrowserId } from "../sign-in/browser.ts";
import { browserName } from "./browser-name.ts";
import type { MemberVisit } from "./member-visit.ts";
import type { Task } from "./task.tsx";
import { serverOf, shown } from "./task.tsx";

export const browsers: Task = {
  show: async (visit, said) => {
    const { member, browser } = visit;
    const { accounts } = await serverOf(visit);
    const found = await accounts.listDeviceAccounts({ did: member.did });
    const list = found
      .map(({ deviceId, deviceData }) => ({
        id: deviceId,
        name: browserName(deviceData.userAgent),
        address: deviceData.ipAddress,
        seenAt: deviceData.lastSeenAt.getTime(),
        current: deviceId === browser.id,
      }))
      .toSorted((a, b) => Number(b.current) - Number(a.current) || b.seenAt - a.seenAt);
    return shown(visit, said, (frame) => <BrowsersPage {...frame} browsers={list} />);
  },
  steps: {
    "sign-out-browser": async (visit, fields) => {
      const id = fields.get("browser") ?? "";
      if (id === visit.browser.id) {
        await visit.browser.signOut(visit.member.did);
        return goTo(visit, "/account");
      }
      const { accounts } = await serverOf(visit);
      if (isBrowserId(id)) await accounts.removeDeviceAccount(id, visit.member.did);
      return { done: "That browser is signed out." };
    },
    "sign-out-everywhere": async (visit) => {
      const { services, member, browser } = visit;
      await signOutEverywhere(services, member.did, null);
      await browser.signOut(member.did);
      return goTo(visit, "/account");
    },
  },
};

export const apps: Task = {
  show: async (visit, said) => {
    const list = await appsOf(visit, await serverOf(visit));
    return shown(visit, said, (frame) => <AppsPage {...frame} apps={list} />);
  },
  steps: {
    disconnect: async (visit, fields) => {
      const client = fields.get("client") ?? "";
      const { sessions, accounts } = await serverOf(visit);
      await sessions.endAll(visit.member.did, client);
      await accounts.consents.withdraw(visit.member.did, client);
      return { done: "The app is disconnected." };
    },
  },
};

/**
 * One entry per app, however many sessions it has. An app whose document cannot be fetched is shown by its
 * address.
 */
async function appsOf(
  { member }: MemberVisit,
  { provider, clients: documents }: OAuthServer,
): Promise<AppSession[]> {
  const tokens = await provider.tokenManager.listAccountTokens(member.did);
  const byClient = Map.groupBy(tokens, ({ data }) => data.clientId);
  await Promise.allSettled([...byClient.keys()].map((id) => documents.prepare(id)));
  const clients = await provider.clientManager.loadClients([...byClient.keys()], {
    onError: () => undefined,
  });
  return [...byClient].map(([clientId, alike]) => {
    const scopes = new Set(alike.flatMap(({ data }) => (data.parameters.scope ?? "").split(" ")));
    return {
      clientId,
      ...appOf(clients.get(clientId) ?? { id: clientId, metadata: {} }),
      since: Math.min(...alike.map(({ data }) => data.createdAt.getTime())),
      used: Math.max(...alike.map(({ data }) => data.updatedAt.getTime())),
      words: askedFor([...scopes].join(" "), new Map()).map(({ title }) => title),
    };
  });
}
