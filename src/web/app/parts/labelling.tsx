/** The choice of a label to give, or to take back. */
import type { FC } from "hono/jsx";
import { entryOf } from "../../../protocol/json.ts";
import type { Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";

/** Labels that every client knows. */
const LABELS = ["spam", "!warn", "!hide", "porn", "sexual", "nudity", "graphic-media", "impersonation"];

interface LabelFieldsProps {
  scene: Scene;
  /** Those that the host has given. */
  labels: readonly string[];
  own: readonly { value: string; name: string }[];
}

export const LabelFields: FC<LabelFieldsProps> = ({ scene, labels, own }) => {
  const { words } = scene.speech;
  const named = (value: string): string => entryOf(words.labelNames, value) ?? value;
  const given = [...LABELS, ...own.map(({ value }) => value)].filter((value) => !labels.includes(value));
  return (
    <div class="field">
      <label for="label">{words.moderation.which}</label>
      <select id="label" name="label" required>
        <option value=""></option>
        {given.map((value) => (
          <option value={value}>{own.find((each) => each.value === value)?.name ?? named(value)}</option>
        ))}
        {labels.map((value) => (
          <option value={`-${value}`}>{filled(words.moderation.without, named(value))}</option>
        ))}
      </select>
    </div>
  );
};
