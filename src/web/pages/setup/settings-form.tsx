/** A page that asks for settings, and keeps them as it is left. */
import type { FC } from "hono/jsx";
import {
  type ChoiceInput,
  type Input,
  OTHER,
  type PictureInput,
  type SettingsPage,
  otherOf,
} from "../../setup/inputs.ts";
import { Check, Field } from "../fields.tsx";
import { Form, Submit } from "../form.tsx";
import { Choice, SetUpPage, type SetUpFrame } from "./frame.tsx";

/** The content of a field. */
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
    <Form {...frame.sender} step="save" upload={hasUpload(page)}>
      {page.inputs.map((input) => (
        <SettingInput input={input} shown={shown(input)} problem={frame.problem} />
      ))}
      <Submit>Save and go on</Submit>
    </Form>
  </SetUpPage>
);

const PictureField: FC<Omit<InputProps, "input"> & { input: PictureInput }> = ({
  input: { name, label, hint },
  shown,
  problem,
}) => {
  const wrong = problem?.field === name ? problem.message : null;
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {shown.hidden ? (
        <img class="logo" src={`/account/logo/${shown.value}`} alt="The logo as it is" />
      ) : null}
      <input
        type="file"
        id={name}
        name={name}
        accept="image/png,image/jpeg,image/webp"
        aria-invalid={wrong === null ? undefined : "true"}
        aria-describedby={wrong === null ? `${name}-hint` : `${name}-hint ${name}-wrong`}
      />
      <p class="hint" id={`${name}-hint`}>
        {hint}
      </p>
      {wrong === null ? null : (
        <p class="wrong" id={`${name}-wrong`}>
          {wrong}
        </p>
      )}
      {shown.hidden ? <Check name={`forget-${name}`} label="Go without a logo" /> : null}
    </div>
  );
};

type ChoiceOfProps = Omit<InputProps, "input"> & { input: ChoiceInput };

/** A choice among a few, and perhaps another, which is typed. */
const ChoiceOf: FC<ChoiceOfProps> = ({ input: { name, label, options, other }, shown, problem }) => {
  const isKnown = options.some(({ value }) => value === shown.value);
  if (other === undefined) return <Choice name={name} label={label} options={options} chosen={shown.value} />;
  const all = [...options, { value: OTHER, label: other.label, hint: "Enter it below." }];
  const field = otherOf(name);
  return (
    <>
      <Choice name={name} label={label} options={all} chosen={isKnown ? shown.value : OTHER} />
      <Field
        name={field}
        label={other.label}
        value={isKnown ? "" : shown.value}
        hint={`${other.hint} It counts if you chose it above.`}
        autocomplete="off"
        problem={problem?.field === name ? { ...problem, field } : null}
        optional
      />
    </>
  );
};

/** Whether a page's form carries a file. */
export const hasUpload = ({ inputs }: SettingsPage): boolean => inputs.some(({ kind }) => kind === "picture");

const FIXED = "It is set in the Worker’s environment, and can only be changed there.";

interface InputProps {
  input: Input;
  shown: Shown;
  problem: SetUpFrame["problem"];
}

export const SettingInput: FC<InputProps> = (props) => {
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
  if (input.kind === "picture") return <PictureField input={input} shown={shown} problem={problem} />;
  if (input.kind === "choice") return <ChoiceOf input={input} shown={shown} problem={problem} />;
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
