/** The fields of forms. */
import type { Child, FC } from "hono/jsx";

interface FieldProps {
  name: string;
  label: string;
  type?: "text" | "password" | "email";
  value?: string | undefined;
  hint?: Child;
  wrong?: string | null | undefined;
  autocomplete?: string;
  inputmode?: "email" | "text" | "numeric";
  code?: boolean;
  optional?: boolean;
  minlength?: number;
  maxlength?: number;
  autofocus?: boolean;
  tail?: Child;
}

/** A labelled input with its hint and error, linked for screen readers. */
export const Field: FC<FieldProps> = ({
  name,
  label,
  type = "text",
  hint,
  wrong,
  code,
  optional,
  tail,
  ...rest
}) => {
  const described = [hint === undefined ? null : `${name}-hint`, wrong ? `${name}-wrong` : null].filter(
    Boolean,
  );
  const input = (
    <input
      id={name}
      name={name}
      type={type}
      class={code ? "code" : undefined}
      required={!optional}
      aria-invalid={wrong ? "true" : undefined}
      aria-describedby={described.length > 0 ? described.join(" ") : undefined}
      autocapitalize={code ? "characters" : "none"}
      autocorrect="off"
      spellcheck={false}
      {...rest}
    />
  );
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {tail === undefined ? (
        input
      ) : (
        <div class="joined">
          {input}
          {tail}
        </div>
      )}
      {hint === undefined ? null : (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {wrong ? (
        <p class="wrong" id={`${name}-wrong`}>
          {wrong}
        </p>
      ) : null}
    </div>
  );
};

const EASY = "Several words are good, and easy to remember.";

interface NewPasswordProps {
  label?: string;
  /** Shown after the rule for every password. */
  hint?: string;
}

export const NewPasswordField: FC<NewPasswordProps> = ({ label = "New password", hint = EASY }) => (
  <Field
    name="password"
    label={label}
    type="password"
    autocomplete="new-password"
    minlength={8}
    maxlength={256}
    hint={`At least 8 characters. ${hint}`}
  />
);

/** The field for a mailed code. `hint` says where it was sent. */
export const CodeField: FC<{ hint: string }> = ({ hint }) => (
  <Field
    name="code"
    label="Code from the mail"
    code
    autocomplete="one-time-code"
    maxlength={20}
    hint={hint}
    autofocus
  />
);

export const EmailField: FC<Pick<FieldProps, "value" | "hint" | "autofocus"> & { label?: string }> = ({
  label = "E-mail address",
  value,
  ...rest
}) => <Field name="email" label={label} type="email" value={value} autocomplete="email" {...rest} />;

export const Check: FC<{ name: string; label: string; checked?: boolean; hint?: string }> = ({
  name,
  label,
  checked,
  hint,
}) => (
  <div class="check">
    <input
      type="checkbox"
      id={name}
      name={name}
      value="yes"
      checked={checked}
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
