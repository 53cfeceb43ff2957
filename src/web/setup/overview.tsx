/** All pages of set-up, and what was decided on each. */
import { isUnset } from "../../identity/host.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { SetUpOverviewPage } from "../pages/setup/overview.tsx";
import { render } from "../replies.tsx";
import { SETUP, type SetUpVisit } from "./access.tsx";
import { PAGE_NAMES, PAGE_TITLES, type PageName } from "./pages.ts";

const REGISTRATIONS = {
  invite: "People with an invite",
  approval: "Whom you let in",
  open: "Everybody",
  closed: "Nobody",
} as const;

/** The decision on a page, in a few words. */
function decided(name: PageName, env: Bindings, owned: boolean): string {
  switch (name) {
    case "place":
      return env.HOST_KIND === "person" ? "One person’s" : "A community’s";
    case "address":
      return env.PUBLIC_URL || "None yet";
    case "handles":
      return env.HANDLE_DOMAINS || "Below the address";
    case "look":
      return env.HOST_NAME || "Named like its address";
    case "links":
      return [env.TERMS_URL, env.PRIVACY_URL, env.CONTACT_EMAIL].filter(Boolean).join(", ") || "None";
    case "joining":
      return `${REGISTRATIONS[env.REGISTRATION]}; ${env.APP_READERS === "members" ? "members read" : "everybody reads"}`;
    case "mail":
      return env.MAIL || "None is sent";
    case "network":
      return `${env.APPVIEW === "local" ? "Its own AppView" : "Another AppView"}; ${env.RELAYS || "no relay"}`;
    case "owner":
      return owned ? "There is an owner" : "None yet";
    case "health":
      return "Tests everything, and ends set-up";
  }
}

export function overview(visit: SetUpVisit): Response {
  const { services, state } = visit;
  const { env } = services;
  const isDone = (name: PageName) =>
    state.done.includes(name) || (name === "address" && !isUnset(env)) || (name === "owner" && state.owned);
  const next = PAGE_NAMES.find((name) => name !== "health" && !isDone(name)) ?? null;
  const rows = PAGE_NAMES.map((name) => ({
    href: `${SETUP}/${name}`,
    title: PAGE_TITLES[name],
    at: isDone(name) || name === "health" ? decided(name, env, state.owned) : "Waits for you",
  }));
  return render(
    visit,
    <SetUpOverviewPage {...visit.frame} rows={rows} next={next === null ? null : `${SETUP}/${next}`} />,
  );
}
