/** The tasks about credentials: an account's password, passkeys and app passwords. */
import { listCredentials, revokeCredentials } from "../../lifecycle/credentials.ts";
import { setPassword } from "../../lifecycle/password.ts";
import { listPasskeys, removePasskey } from "../../oauth/stores/passkeys.ts";
import { lineOf } from "../forms.ts";
import { AppPasswordsPage, PasskeysPage, PasswordPage } from "../pages/account/secrets.tsx";
import { wrong } from "../problems.ts";
import { PASSWORD_MIN, TOO_SHORT } from "../sign-in/credentials.ts";
import { type NewPasskey, addPasskey } from "../sign-in/passkeys.ts";
import type { Task } from "./task.tsx";
import { shown } from "./task.tsx";

export const password: Task = {
  show: async (visit, said) => {
    const others = await listCredentials(visit.services, visit.member.did);
    return shown(visit, said, (frame) => <PasswordPage {...frame} others={others} />);
  },
  steps: {
    change: async ({ services, member, browser }, fields) => {
      const wanted = fields.get("password") ?? "";
      if (wanted.length < PASSWORD_MIN) return { problem: TOO_SHORT };
      await setPassword(services, member.did, wanted, browser.id);
      return { done: "Your new password is set. All apps and other browsers are signed out." };
    },
    "revoke-others": async ({ services, member }) => {
      await revokeCredentials(services, member.did);
      return { done: "Your passkeys and app passwords are removed. Only your password opens your account." };
    },
  },
  careful: true,
};

export const passkeys: Task = {
  show: async (visit, said) => {
    const list = await listPasskeys(visit.services.env.DIRECTORY, visit.member.did);
    return shown(visit, said, (frame) => <PasskeysPage {...frame} passkeys={list} />);
  },
  steps: {
    add: async (visit, fields) => {
      const text = fields.get("passkey");
      if (text === undefined)
        return { problem: wrong("Passkeys need JavaScript, which is off in this browser.") };
      let answer: NewPasskey;
      try {
        answer = JSON.parse(text);
      } catch {
        return { problem: wrong("The browser sent something else than a passkey.") };
      }
      const added = await addPasskey(visit, visit.member, answer, lineOf(fields, "name"));
      return added
        ? { done: "The passkey is added." }
        : { problem: wrong("This passkey could not be added. Please try again.") };
    },
    remove: async ({ services, member }, fields) => {
      await removePasskey(services.env.DIRECTORY, member.did, fields.get("id") ?? "");
      return { done: "The passkey is removed." };
    },
  },
  careful: true,
};

export const appPasswords: Task = {
  show: async (visit, said) => {
    const list = await visit.services.account(visit.member.did).listAppPasswords();
    return shown(visit, said, (frame) => (
      <AppPasswordsPage {...frame} appPasswords={list} created={said.created ?? null} />
    ));
  },
  steps: {
    create: async ({ services, member }, fields) => {
      const name = lineOf(fields, "name");
      if (name === "") return { problem: wrong("Please give the app a name.", "name") };
      const privileged = fields.get("privileged") === "yes";
      return { created: await services.account(member.did).createAppPassword(name, privileged) };
    },
    revoke: async ({ services, member }, fields) => {
      await services.account(member.did).revokeAppPassword(fields.get("name") ?? "");
      return { done: "The app password is revoked." };
    },
  },
  careful: true,
};
