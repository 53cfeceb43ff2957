/** The page of the community's own labels. */
import type { FC } from "hono/jsx";
import type { OwnLabel } from "../../../../protocol/settings/own-labels.ts";
import type { Fields } from "../../../forms.ts";
import { Ending } from "../../account/rows.tsx";
import { Field } from "../../fields.tsx";
import { Form, Submit } from "../../form.tsx";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";

interface LabelsProps extends DeskFrame {
  labels: readonly OwnLabel[];
  wanted?: Fields | undefined;
}

const SEVERITIES = [
  ["inform", "Only say so"],
  ["alert", "Warn"],
] as const;
const BLURS = [
  ["none", "Show it"],
  ["media", "Hide its pictures behind a warning"],
  ["content", "Hide it behind a warning"],
] as const;

export const LabelsPage: FC<LabelsProps> = ({ labels, wanted, ...frame }) => (
  <DeskPage
    {...frame}
    title="Labels"
    lead="Your own, beside those that every app knows. Whoever follows this host’s moderation sees them, in any app."
  >
    <div class="rows">
      {labels.map(({ value, name, description }) => (
        <div>
          <span class="words">
            <b>{name}</b> <code>{value}</code>
            <br />
            <span class="at">{description}</span>
          </span>
          <Ending {...frame.sender} step="remove" carried={{ value }} does="Remove" whom={name} />
        </div>
      ))}
    </div>
    <section>
      <h2>Another label</h2>
      <Form {...frame.sender} step="add">
        <Field
          name="value"
          label="Word"
          hint="Small letters and dashes, such as off-topic."
          value={wanted?.get("value")}
          maxlength={100}
        />
        <Field
          name="name"
          label="Name"
          hint="As people read it, such as “Off topic”."
          value={wanted?.get("name")}
          maxlength={64}
        />
        <Field
          name="description"
          label="What it means"
          value={wanted?.get("description")}
          optional
          maxlength={300}
        />
        <Options name="severity" label="How apps mark it" options={SEVERITIES} />
        <Options name="blurs" label="What apps do with what has it" options={BLURS} />
        <Submit>Add it</Submit>
      </Form>
    </section>
  </DeskPage>
);

const Options: FC<{ name: string; label: string; options: readonly (readonly [string, string])[] }> = ({
  name,
  label,
  options,
}) => (
  <div class="field">
    <label for={name}>{label}</label>
    <select id={name} name={name}>
      {options.map(([value, words]) => (
        <option value={value}>{words}</option>
      ))}
    </select>
  </div>
);
