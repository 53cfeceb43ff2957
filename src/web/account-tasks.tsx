/** The tasks of the account page: what each page shows, and what its forms do. */
import type { Child } from "hono/jsx";
import {
  type Fields,
  type MemberVisit,
  accountError,
  confirmFirst,
  goTo,
  render,
  within,
} from "./account.tsx";
import { browserName } from "./browser-name.ts";
import { endSessions, signOutBrowsers } from "../oauth/forget.ts";
import { problemOf } from "./forms.ts";
import { appOf } from "./app-name.ts";
import { AppPasswordsPage, AppsPage, BrowsersPage, OverviewPage, PasskeysPage } from "./pages/account.tsx";
import type { AccountFrame, AppSession } from "./pages/account.tsx";
import { EndPage } from "./pages/consent.tsx";
import { BackupPage, EmailPage, HandlePage, LeavePage, PasswordPage } from "./pages/account-forms.tsx";
import { WelcomePage } from "./pages/host.tsx";
import { askedFor } from "./pages/scope-words.ts";
import { type NewPasskey, addPasskey, listPasskeys, removePasskey } from "./passkeys.ts";
import type { OAuthServer } from "../oauth/provider.ts";
import { NOBODY, PASSWORD_MIN, profilesOf } from "./signing-in.ts";

/** The outcome of a form, shown on the next page. */
interface Said {
  done?: string;
  problem?: string;
  fields?: Fields;
  waiting?: "change" | "confirm" | "delete";
  created?: { name: string; password: string };
}

type Show = (visit: MemberVisit, said: Said, server: OAuthServer) => Promise<Response> | Response;
type Take = (visit: MemberVisit, fields: Fields, server: OAuthServer) => Promise<Said | Response>;

interface Task {
  show: Show;
  /** Handlers by the form's `step`. */
  steps: Record<string, Take>;
  /** Requires a recent sign-in (`MemberVisit.confirmed`). */
  careful?: true;
}

function frameOf(visit: MemberVisit, said: Said): AccountFrame {
  const { frame, member, browser, url } = visit;
  return {
    ...frame,
    member,
    to: (path) => within(visit, path),
    sender: { action: within(visit, url.pathname), csrf: browser.csrf },
    done: said.done,
    problem: said.problem,
  };
}

function shown(visit: MemberVisit, said: Said, tree: (frame: AccountFrame) => Child): Response {
  return render(visit, tree(frameOf(visit, said)), said.problem === undefined ? 200 : 400);
}

/** Reads the member again, since a form may have changed them. */
async function again(visit: MemberVisit): Promise<MemberVisit> {
  const member = await visit.context.members.find(visit.member.did);
  return member === null ? visit : { ...visit, member };
}

const overview: Task = {
  show: async (visit, said, server) => {
    const { member, context, people } = visit;
    const [profiles, sessions, passkeys, browsers, appPasswords] = await Promise.all([
      profilesOf(context, [member]),
      server.provider.tokenManager.listAccountTokens(member.did),
      listPasskeys(context.database, member.did),
      server.accounts.listDeviceAccounts({ did: member.did }),
      context.members.listAppPasswords(member.did),
    ]);
    return shown(visit, said, (frame) => (
      <OverviewPage
        {...frame}
        profile={profiles.get(member.did) ?? NOBODY}
        apps={new Set(sessions.map(({ data }) => data.clientId)).size}
        browsers={browsers.length}
        passkeys={passkeys.length}
        appPasswords={appPasswords.length}
        others={people.length > 1}
      />
    ));
  },
  steps: {
    "sign-out": async (visit) => {
      await visit.browser.signOut(visit.member.did);
      return goTo(visit, "/account");
    },
    activate: async ({ context, member }) => {
      await context.members.activate(member.did);
      return { done: "Your account is switched on." };
    },
  },
};

const handle: Task = {
  show: (visit, said) =>
    shown(visit, said, (frame) => (
      <HandlePage {...frame} wanted={said.problem ? said.fields?.get("handle") : undefined} />
    )),
  steps: {
    change: async ({ context, member }, fields) => {
      const wanted = (fields.get("handle") ?? "").trim().replace(/^@/, "");
      await context.members.updateHandle(
        member.did,
        wanted.includes(".") ? wanted : `${wanted}${context.host.handleDomains[0]}`,
      );
      return { done: "Your handle is changed." };
    },
  },
  careful: true,
};

const email: Task = {
  show: (visit, said) =>
    shown(visit, said, (frame) => (
      <EmailPage
        {...frame}
        wanted={said.fields?.get("email")}
        waiting={said.waiting === "change" || said.waiting === "confirm" ? said.waiting : null}
      />
    )),
  steps: {
    "request-change": async ({ context, member }, fields) => {
      const wanted = (fields.get("email") ?? "").trim();
      if (await context.members.requestEmailUpdate(member.did)) return { waiting: "change", fields };
      await context.members.updateEmail(member.did, wanted, undefined);
      return { done: "Your e-mail address is changed." };
    },
    change: async ({ context, member }, fields) => {
      const code = (fields.get("code") ?? "").trim();
      try {
        await context.members.updateEmail(member.did, (fields.get("email") ?? "").trim(), code);
      } catch (thrown) {
        return { problem: problemOf(thrown), waiting: "change", fields };
      }
      return { done: "Your e-mail address is changed." };
    },
    "request-confirm": async ({ context, member }) => {
      await context.members.requestEmailConfirmation(member.did);
      return { waiting: "confirm" };
    },
    confirm: async ({ context, member }, fields) => {
      try {
        await context.members.confirmEmail(member.did, (fields.get("code") ?? "").trim());
      } catch (thrown) {
        return { problem: problemOf(thrown), waiting: "confirm" };
      }
      return { done: "Your e-mail address is confirmed." };
    },
  },
  careful: true,
};

const password: Task = {
  show: (visit, said) => shown(visit, said, (frame) => <PasswordPage {...frame} />),
  steps: {
    change: async ({ context, member, browser }, fields) => {
      const wanted = fields.get("password") ?? "";
      if (wanted.length < PASSWORD_MIN)
        return { problem: "Please take a longer password: at least 8 characters." };
      await context.members.setPassword(member.did, wanted);
      await signOutBrowsers(context.database, member.did, browser.id);
      return { done: "Your new password is set. Apps and other browsers are signed out." };
    },
  },
  careful: true,
};

const passkeys: Task = {
  show: async (visit, said) => {
    const list = await listPasskeys(visit.context.database, visit.member.did);
    return shown(visit, said, (frame) => <PasskeysPage {...frame} passkeys={list} />);
  },
  steps: {
    add: async ({ context, browser, member }, fields) => {
      const text = fields.get("passkey");
      if (text === undefined) return { problem: "Passkeys need JavaScript, which is off in this browser." };
      let answer: NewPasskey;
      try {
        answer = JSON.parse(text) as NewPasskey;
      } catch {
        return { problem: "The browser sent something else than a passkey." };
      }
      const added = await addPasskey(context, browser, member, answer, fields.get("name") ?? "");
      return added
        ? { done: "The passkey is added." }
        : { problem: "This passkey could not be added. Please try again." };
    },
    remove: async ({ context, member }, fields) => {
      await removePasskey(context.database, member.did, fields.get("id") ?? "");
      return { done: "The passkey is removed." };
    },
  },
  careful: true,
};

const browsers: Task = {
  show: async (visit, said, server) => {
    const { member, browser } = visit;
    const found = await server.accounts.listDeviceAccounts({ did: member.did });
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
    "sign-out-browser": async (visit, fields, server) => {
      const id = fields.get("browser") ?? "";
      if (id === visit.browser.id) {
        await visit.browser.signOut(visit.member.did);
        return goTo(visit, "/account");
      }
      await server.accounts.removeDeviceAccount(id, visit.member.did);
      return { done: "That browser is signed out." };
    },
    "sign-out-everywhere": async (visit) => {
      const { context, member, browser } = visit;
      await context.members.revokeSessions(member.did);
      await endSessions(context.database, member.did);
      await signOutBrowsers(context.database, member.did, null);
      await browser.signOut(member.did);
      return goTo(visit, "/account");
    },
  },
};

const apps: Task = {
  show: async (visit, said, server) => {
    const list = await appsOf(visit, server);
    return shown(visit, said, (frame) => <AppsPage {...frame} apps={list} />);
  },
  steps: {
    disconnect: async ({ member }, fields, server) => {
      const client = fields.get("client") ?? "";
      await server.sessions.endAll(member.did, client);
      await server.accounts.withdrawConsent(member.did, client);
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

const appPasswords: Task = {
  show: async (visit, said) => {
    const list = await visit.context.members.listAppPasswords(visit.member.did);
    return shown(visit, said, (frame) => (
      <AppPasswordsPage {...frame} appPasswords={list} created={said.created ?? null} />
    ));
  },
  steps: {
    create: async ({ context, member }, fields) => {
      const name = (fields.get("name") ?? "").trim();
      if (name === "") return { problem: "Please give the app a name." };
      const privileged = fields.get("privileged") === "yes";
      return {
        created: { name, password: await context.members.createAppPassword(member.did, name, privileged) },
      };
    },
    revoke: async ({ context, member }, fields) => {
      await context.members.revokeAppPassword(member.did, fields.get("name") ?? "");
      return { done: "The app password is revoked." };
    },
  },
  careful: true,
};

const backup: Task = {
  show: (visit, said) =>
    shown(visit, said, (frame) => <BackupPage {...frame} download={within(visit, "/account/backup.car")} />),
  steps: {},
};

const GONE = {
  title: "Your account is deleted",
  message: "Thank you for having been here. Nothing of it is left on this host.",
  way: { href: "/", label: "To the front page" },
};

const leave: Task = {
  show: (visit, said) =>
    shown(visit, said, (frame) => <LeavePage {...frame} waiting={said.waiting === "delete"} />),
  steps: {
    deactivate: async (visit) => {
      await visit.context.members.deactivate(visit.member.did);
      return goTo(visit, within(visit, "/account"));
    },
    "request-delete": async ({ context, member }) => {
      await context.members.requestDeletion(member.did);
      return { waiting: "delete" };
    },
    delete: async (visit, fields) => {
      const { context, member, browser } = visit;
      try {
        await context.members.remove(member.did, (fields.get("code") ?? "").trim());
      } catch (thrown) {
        return { problem: problemOf(thrown), waiting: "delete" };
      }
      await browser.signOut(member.did);
      return render(visit, <EndPage {...visit.frame} {...GONE} />);
    },
  },
  careful: true,
};

/** The first page for a new member. */
const welcome: Task = {
  show: (visit, said) => shown(visit, said, (frame) => <WelcomePage {...frame} />),
  steps: {},
};

export const TASKS: Readonly<Record<string, Task>> = {
  "/account": overview,
  "/account/welcome": welcome,
  "/account/handle": handle,
  "/account/email": email,
  "/account/password": password,
  "/account/passkeys": passkeys,
  "/account/browsers": browsers,
  "/account/apps": apps,
  "/account/app-passwords": appPasswords,
  "/account/backup": backup,
  "/account/leave": leave,
};

export async function serveTask(
  task: Task,
  visit: MemberVisit,
  fields: Fields | null,
  server: OAuthServer,
): Promise<Response> {
  if (task.careful && !visit.confirmed) return confirmFirst(visit);
  if (fields === null) return task.show(visit, {}, server);
  const step = Object.hasOwn(task.steps, fields.get("step") ?? "")
    ? task.steps[fields.get("step") ?? ""]
    : undefined;
  if (step === undefined) return accountError(visit, "This form is none of this page.");
  let said: Said | Response;
  try {
    said = await step(visit, fields, server);
  } catch (thrown) {
    said = { problem: problemOf(thrown), fields };
  }
  return said instanceof Response ? said : task.show(await again(visit), said, server);
}

/** The repo as a file. */
export async function downloadBackup({ context, member }: MemberVisit): Promise<Response> {
  const car = await context.members.exportRepo(member.did);
  return new Response(car, {
    headers: {
      "content-type": "application/vnd.ipld.car",
      "content-disposition": `attachment; filename="${member.handle}.car"`,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
}
