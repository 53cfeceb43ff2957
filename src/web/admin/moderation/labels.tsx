/** The community's own labels. */
import { type OwnLabel, ownLabelsOf } from "../../../protocol/settings/own-labels.ts";
import { OWNERS } from "../../../xrpc/server/role-policies.ts";
import { lineOf } from "../../forms.ts";
import { LabelsPage } from "../../pages/admin/moderation/labels.tsx";
import { change } from "../change-settings.ts";
import { type DeskPage, type DeskVisit, type Said, shown } from "../desk.tsx";

const keep = (visit: DeskVisit, labels: readonly object[], done: string): Promise<Said> =>
  change(
    visit,
    { OWN_LABELS: JSON.stringify(labels) },
    new Map(),
    `${done} Apps see it within a few seconds.`,
  );

const ownOf = ({ services }: DeskVisit): OwnLabel[] => ownLabelsOf(services.env.OWN_LABELS);

export const labels: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    // The settings of this request are those from before a form.
    const list = said.labels ?? ownOf(visit);
    return shown(visit, said, (frame) => <LabelsPage {...frame} labels={list} wanted={said.fields} />);
  },
  steps: {
    add: {
      may: OWNERS,
      take: async (visit, fields) => {
        const label = {
          value: lineOf(fields, "value"),
          name: lineOf(fields, "name"),
          description: lineOf(fields, "description"),
          severity: fields.get("severity"),
          blurs: fields.get("blurs"),
        };
        const before = ownOf(visit);
        const said = await keep(visit, [...before, label], "The label can be given now.");
        if (said.problem !== undefined) return { ...said, fields };
        return { ...said, labels: [...before, label as OwnLabel] };
      },
    },
    remove: {
      may: OWNERS,
      take: async (visit, fields) => {
        const rest = ownOf(visit).filter(({ value }) => value !== fields.get("value"));
        return { ...(await keep(visit, rest, "The label is no longer given.")), labels: rest };
      },
    },
  },
};
