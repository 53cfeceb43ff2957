/** A page that asks for settings, and keeps them as it is left. */
import type { FC } from "hono/jsx";
import type { Input, SettingsPage } from "../../setup/pages.ts";
import { Check, Field } from "../fields.tsx";
import { Form, Submit } from "../form.tsx";
import { Choice, SetUpPage, type SetUpFrame } from "./frame.tsx";

/** What a field shows. */
export interface Shown {
  value: string;
  /** Whether the environment sets it, so that it cannot be changed here. */
  fixed: boolean;
  /** Whether there is a secret that is not shown. */
  hidden: boolean;
}

export interface SettingsPageProps extends SetUpFrame {
  page: SettingsPage;
  shown: (input: Input) => Shown;
}

export const SettingsFormPage: FC<SettingsPageProps> = ({ page, shown, ...frame }) => (
  <SetUpPage {...frame} title={page.title} lead={page.lead}>
    <Form {...frame.sender} step="save">
      {page.inputs.map((input) => (
        <SettingInput input={input} shown={shown(input)} problem={frame.problem} />
      ))}
      <Submit>Save and go on</Submit>
    </Form>
  </SetUpPage>
);

const FIXED = "It is set in the Worker’s environment, and can only be changed there.";

export const SettingInput: FC<{ input: Input; shown: Shown; problem: SetUpFrame["problem"] }> = (props) => {
  const { input, shown, problem } = props;
  const { name, label } = input;
  if (shown.fixed) {
    return (
      <div class="field">
        <p>
          <strong>{label}</strong>: {shown.hidden ? "set" : shown.value || "none"}
        </p>
        <p class="hint">{FIXED}</p>
      </div>
    );
  }
  if (input.kind === "choice") {
    const known = input.options.some(({ value }) => value === shown.value);
    const other = { value: shown.value, label: "As it is", hint: shown.value };
    const options = known ? input.options : [...input.options, other];
    return <Choice name={name} label={label} options={options} chosen={shown.value} />;
  }
  return (
    <>
      <Field
        name={name}
        label={label}
        type={input.type ?? "text"}
        value={shown.hidden ? "" : shown.value}
        hint={shown.hidden ? `${input.hint} There is one; leave this empty to keep it.` : input.hint}
        autocomplete="off"
        problem={problem}
        optional
        {...(input.maxlength === undefined ? {} : { maxlength: input.maxlength })}
      />
      {shown.hidden ? <Check name={`forget-${name}`} label={`Forget the ${label.toLowerCase()}`} /> : null}
    </>
  );
};
