/** The page of the community's own labels. */
import type { FC } from "hono/jsx";
import type { OwnLabel } from "../../../../protocol/settings/own-labels.ts";
import type { Fields } from "../../../forms.ts";
import { Kept } from "../../account/rows.tsx";
import { Field } from "../../fields.tsx";
import { Form, Submit } from "../../form.tsx";
import { Select } from "../../labelled.tsx";
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
    <Kept
      {...frame.sender}
      step="remove"
      does="Remove"
      things={labels.map(({ value, name, description }) => ({
        title: name,
        at: (
          <>
            <code>{value}</code> {description}
          </>
        ),
        carried: { value },
      }))}
    />
    <AddLabel {...frame} wanted={wanted} />
  </DeskPage>
);

const AddLabel: FC<Pick<LabelsProps, "sender" | "wanted">> = ({ sender, wanted }) => (
  <section>
    <h2>Another label</h2>
    <Form {...sender} step="add">
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
      <Select
        name="severity"
        label="How apps mark it"
        options={SEVERITIES}
        chosen={wanted?.get("severity")}
      />
      <Select
        name="blurs"
        label="What apps do with what has it"
        options={BLURS}
        chosen={wanted?.get("blurs")}
      />
      <Submit>Add it</Submit>
    </Form>
  </section>
);
