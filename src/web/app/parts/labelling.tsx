/** The choice of a label to give, or to take back. */
import type { FC } from "hono/jsx";
import type { Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { labelName } from "./label-name.ts";

/** Labels that every client knows. */
const LABELS = ["spam", "!warn", "!hide", "porn", "sexual", "nudity", "graphic-media", "impersonation"];

interface LabelFieldsProps {
  scene: Scene;
  /** Those that the host has given. */
  labels: readonly string[];
}

export const LabelFields: FC<LabelFieldsProps> = ({ scene, labels }) => {
  const { words } = scene.speech;
  const own = scene.tastes.labeling.labels.map(({ value }) => value);
  const given = [...LABELS, ...own].filter((value) => !labels.includes(value));
  return (
    <div class="field">
      <label for="label">{words.moderation.which}</label>
      <select id="label" name="label" required>
        <option value=""></option>
        {given.map((value) => (
          <option value={value}>{labelName(scene, value)}</option>
        ))}
        {labels.map((value) => (
          <option value={`-${value}`}>{filled(words.moderation.without, labelName(scene, value))}</option>
        ))}
      </select>
    </div>
  );
};
