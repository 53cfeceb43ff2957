/** The host's settings, with the pages that set-up has: each asks for the same, and keeps it in the same way. */
import { OWNERS } from "../../xrpc/server/role-policies.ts";
import { SettingsListPage, SettingsPage } from "../pages/admin/settings.tsx";
import { errorPage } from "../replies.tsx";
import { isPageName } from "../setup/pages.ts";
import { SETTINGS_PAGES } from "../setup/settings-pages.ts";
import { showing, typedIn } from "../setup/settings-task.tsx";
import { change } from "./change-settings.ts";
import { type DeskPage, type DeskVisit, shown } from "./desk.tsx";

const pageOf = ({ about }: DeskVisit) => (isPageName(about) ? SETTINGS_PAGES[about] : undefined);

const nowhere = (visit: DeskVisit) =>
  errorPage(visit, "There are no such settings.", { status: 404, title: "Nothing here" });

export const settings: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => shown(visit, said, (frame) => <SettingsListPage {...frame} />),
  steps: {},
};

export const settingsOf: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    const page = pageOf(visit);
    if (page === undefined) return nowhere(visit);
    const show = await showing(visit, said.fields);
    return shown(visit, said, (frame) => <SettingsPage {...frame} page={page} shown={show} />);
  },
  steps: {
    save: {
      may: OWNERS,
      careful: true,
      take: async (visit, fields) => {
        const page = pageOf(visit);
        if (page === undefined) return nowhere(visit);
        return change(visit, typedIn(visit, page.inputs, fields), fields);
      },
    },
  },
};
