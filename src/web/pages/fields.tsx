/** The fields of forms. */
import type { Child, FC } from "hono/jsx";
import { Labelled, type LabelledProps, linked, wrongWith } from "./labelled.tsx";

export interface FieldProps extends LabelledProps {
  type?: "text" | "password" | "email";
  value?: string | undefined;
  autocomplete?: string;
  inputmode?: "email" | "text" | "numeric";
  code?: boolean;
  optional?: boolean;
  minlength?: number;
  maxlength?: number;
  autofocus?: boolean;
  /** The key that leads to it, where the page has keys. */
  hotkey?: string;
  tail?: Child;
}

/** A labelled input of one line. */
export const Field: FC<FieldProps> = ({
  id,
  name,
  label,
  hint,
  problem,
  type = "text",
  code,
  optional,
  tail,
  autofocus,
  hotkey,
  ...rest
}) => {
  const labelled = { id, name, label, hint, problem };
  const input = (
    <input
      {...linked(labelled)}
      type={type}
      class={code ? "code" : undefined}
      required={!optional}
      autocapitalize={code ? "characters" : "none"}
      autocorrect="off"
      spellcheck={false}
      data-key={hotkey}
      autofocus={problem?.field ? wrongWith(labelled) !== null : autofocus}
      {...rest}
    />
  );
  return (
    <Labelled {...labelled}>
      {tail === undefined ? (
        input
      ) : (
        <div class="joined">
          {input}
          {tail}
        </div>
      )}
    </Labelled>
  );
};

const EASY = "Several words are good, and easy to remember.";

interface NewPasswordProps extends Pick<FieldProps, "problem"> {
  label?: string;
  /** Shown after the rule for every password. */
  hint?: string;
}

export const NewPasswordField: FC<NewPasswordProps> = ({ label = "New password", hint = EASY, problem }) => (
  <Field
    name="password"
    label={label}
    type="password"
    autocomplete="new-password"
    minlength={8}
    maxlength={256}
    hint={`At least 8 characters. ${hint}`}
    problem={problem}
  />
);

/** The field for a mailed code. `hint` says where it was sent. */
export const CodeField: FC<Pick<FieldProps, "problem" | "value"> & { hint?: string; label?: string }> = ({
  hint,
  problem,
  value,
  label = "Code from the mail",
}) => (
  <Field
    name="code"
    label={label}
    value={value}
    code
    autocomplete="one-time-code"
    maxlength={20}
    hint={hint}
    problem={problem}
    autofocus
  />
);

export const EmailField: FC<
  Pick<FieldProps, "value" | "hint" | "autofocus" | "problem"> & { label?: string }
> = ({ label = "E-mail address", value, ...rest }) => (
  <Field name="email" label={label} type="email" value={value} autocomplete="email" {...rest} />
);

interface CheckProps extends Pick<FieldProps, "hotkey"> {
  name: string;
  label: string;
  checked?: boolean;
  hint?: string;
}

export const Check: FC<CheckProps> = ({ name, label, checked, hint, hotkey }) => (
  <div class="check">
    <input
      type="checkbox"
      id={name}
      name={name}
      value="yes"
      checked={checked}
      data-key={hotkey}
      aria-describedby={hint === undefined ? undefined : `${name}-hint`}
    />
    <div>
      <label for={name}>{label}</label>
      {hint === undefined ? null : (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
    </div>
  </div>
);
