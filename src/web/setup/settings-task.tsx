/** The pages of set-up that only set settings. */
import { readKept } from "../../../schema/kept-settings.ts";
import { type TypedSettings, changeSettings } from "../../lifecycle/host/settings.ts";
import { SETTINGS, type SettingName } from "../../protocol/settings/list.ts";
import { fixedSettings } from "../../protocol/settings/configured.ts";
import type { Fields } from "../forms.ts";
import { SettingsFormPage, type Shown } from "../pages/setup/settings-form.tsx";
import type { Visit } from "../visit.ts";
import { type Input, OTHER, type SettingsPage, otherOf } from "./inputs.ts";
import type { PageName } from "./pages.ts";
import { type Propose, proposalFor } from "./settings-pages.ts";
import { type SetUpTask, leave, shown } from "./task.tsx";

const isSecret = ({ name }: Input): boolean => (SETTINGS[name] as { secret?: true }).secret === true;

export function settingsTask(name: PageName, page: SettingsPage): SetUpTask {
  return {
    show: async (visit, said) => {
      const show = await showing(visit, said.fields, proposalFor);
      return shown(visit, name, said, (frame) => <SettingsFormPage {...frame} page={page} shown={show} />);
    },
    steps: {
      save: async (visit, fields) => {
        await changeSettings(visit.services.env, visit.actor, typedIn(visit, page.inputs, fields));
        return leave(visit, name);
      },
    },
  };
}

/** The content of each field: the text typed, else the setting, or what is proposed where none was chosen. */
export async function showing(
  visit: Visit,
  typed?: Fields,
  propose: Propose = (name, settings) => settings[name],
): Promise<(input: Input) => Shown> {
  const { env } = visit.services;
  const [kept, fixed] = [await readKept(env), fixedSettings(env)];
  const chosen = (name: SettingName) => name in kept || fixed.includes(name);
  const value = ({ name }: Input) => (chosen(name) ? env[name] : propose(name, env));
  return (input) => ({
    value: (input.kind === "picture" ? undefined : textIn(typed, input)) ?? value(input),
    fixed: fixed.includes(input.name),
    hidden: (isSecret(input) || input.kind === "picture") && env[input.name] !== "",
  });
}

/** The text of a field; where another choice was typed, that one. */
function textIn(fields: Fields | undefined, { name }: Input): string | undefined {
  const text = fields?.get(name);
  return text === OTHER ? (fields?.get(otherOf(name)) ?? "") : text;
}

/** The settings that a form has. A secret or picture that was left empty stays, unless it shall be forgotten. */
export function typedIn(visit: Visit, inputs: readonly Input[], fields: Fields): TypedSettings {
  const fixed = fixedSettings(visit.services.env);
  const typed: TypedSettings = {};
  for (const input of inputs) {
    const text = textIn(fields, input);
    if (text === undefined || fixed.includes(input.name)) continue;
    const stays = isSecret(input) || input.kind === "picture";
    const forget = fields.has(`forget-${input.name}`);
    if (stays && text === "" && !forget) continue;
    typed[input.name] = forget ? "" : text;
  }
  return typed;
}
