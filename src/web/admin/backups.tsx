/** The host's backups: their key, when and where to, and the last ones. */
import { readShownRuns, start } from "../../lifecycle/backup/status.ts";
import { fixedSettings } from "../../protocol/settings/configured.ts";
import { OWNERS } from "../../xrpc/server/role-policies.ts";
import { BACKUP_INPUTS, BackupsPage } from "../pages/admin/backups.tsx";
import { wrong } from "../problems.ts";
import { showing, typedIn } from "../setup/settings-task.tsx";
import { change } from "./change-settings.ts";
import { type DeskPage, shown } from "./desk.tsx";

export const backups: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    const { env } = visit.services;
    const [runs, show] = await Promise.all([readShownRuns(env), showing(visit, said.fields)]);
    const isSet = env.BACKUP_KEY !== "" || said.hasKey === true;
    const isFixed = fixedSettings(env).includes("BACKUP_KEY");
    return shown(visit, said, (frame) => (
      <BackupsPage {...frame} key_={{ isSet, isFixed }} runs={runs} shown={show} />
    ));
  },
  steps: {
    key: {
      may: OWNERS,
      careful: true,
      take: async (visit, fields) => {
        const key = fields.get("BACKUP_KEY") ?? "";
        if (key === "") return { problem: wrong("Please make the key first, in a browser with JavaScript.") };
        // The key has no field of its own.
        const said = await change(
          visit,
          { BACKUP_KEY: key },
          new Map(),
          "The first backup begins within minutes.",
        );
        return said.done === undefined ? said : { ...said, hasKey: true };
      },
    },
    save: {
      may: OWNERS,
      careful: true,
      take: (visit, fields) =>
        change(visit, typedIn(visit, BACKUP_INPUTS, fields), fields, "Saved. The next backup goes by it."),
    },
    start: {
      may: OWNERS,
      take: async ({ services }) => {
        if (services.env.BACKUP_KEY === "") return { problem: wrong("There is no key yet. Make one first.") };
        await start(services.env);
        return { done: "A backup begins within minutes." };
      },
    },
  },
};
