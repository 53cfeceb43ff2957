/** A field of several lines. */
import type { FC } from "hono/jsx";
import type { FieldProps } from "./fields.tsx";

type TextAreaProps = Pick<
  FieldProps,
  "id" | "name" | "label" | "value" | "hint" | "optional" | "maxlength" | "problem"
> & { rows?: number };

export const TextArea: FC<TextAreaProps> = (props) => {
  const { name, id = name, label, value, hint, optional, maxlength, problem, rows = 5 } = props;
  const wrong = problem?.field === id ? problem.message : null;
  const described = [hint === undefined ? null : `${id}-hint`, wrong ? `${id}-wrong` : null].filter(Boolean);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        name={name}
        rows={rows}
        required={!optional}
        maxlength={maxlength}
        aria-invalid={wrong ? "true" : undefined}
        aria-describedby={described.length > 0 ? described.join(" ") : undefined}
        autofocus={wrong !== null}
      >
        {value ?? ""}
      </textarea>
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
