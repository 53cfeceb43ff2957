/** Labelled controls: what stands around each, and those of several lines or with options. */
import type { Child, FC, PropsWithChildren } from "hono/jsx";
import type { Problem } from "../problems.ts";

export interface LabelledProps {
  /** By default its name; where a page has several of a name, problems go by it. */
  id?: string | undefined;
  name: string;
  label: string;
  hint?: Child;
  /** The problem of the form: shown here, with the focus, if it is about this control. */
  problem?: Problem | null | undefined;
}

/** The fault of a control, in words; null if there is none. */
export const wrongWith = ({ name, id = name, problem }: LabelledProps): string | null =>
  problem?.field === id ? problem.message : null;

/** The attributes that link a control to its label, its hint and its error, for screen readers. */
export function linked(props: LabelledProps) {
  const { name, id = name, hint } = props;
  const wrong = wrongWith(props);
  const described = [hint === undefined ? null : `${id}-hint`, wrong ? `${id}-wrong` : null].filter(Boolean);
  return {
    id,
    name,
    "aria-invalid": wrong ? ("true" as const) : undefined,
    "aria-describedby": described.length > 0 ? described.join(" ") : undefined,
  };
}

export const Labelled: FC<PropsWithChildren<LabelledProps>> = ({ children, ...props }) => {
  const { name, id = name, label, hint } = props;
  const wrong = wrongWith(props);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {wrong ? (
        <p class="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      ) : null}
    </div>
  );
};

type TextAreaProps = LabelledProps & {
  value?: string | undefined;
  optional?: boolean;
  maxlength?: number;
  rows?: number;
};

export const TextArea: FC<TextAreaProps> = ({ value, optional, maxlength, rows = 5, ...props }) => (
  <Labelled {...props}>
    <textarea
      {...linked(props)}
      rows={rows}
      required={!optional}
      maxlength={maxlength}
      autofocus={wrongWith(props) !== null}
    >
      {value ?? ""}
    </textarea>
  </Labelled>
);

export type Options = readonly (readonly [value: string, label: string])[];

export const labelOf = (options: Options, value: string): string =>
  options.find(([each]) => each === value)?.[1] ?? value;

type SelectProps = LabelledProps & {
  options: Options;
  chosen?: string | undefined;
  /** The key that leads to it, where the page has keys. */
  hotkey?: string;
};

export const Select: FC<SelectProps> = ({ options, chosen, hotkey, ...props }) => (
  <Labelled {...props}>
    <select {...linked(props)} data-key={hotkey}>
      {options.map(([value, label]) => (
        <option value={value} selected={value === chosen}>
          {label}
        </option>
      ))}
    </select>
  </Labelled>
);
