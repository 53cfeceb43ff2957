/** The name of a label, as readers see it. */
import { entryOf } from "../../../protocol/json.ts";
import type { Scene } from "../visit.ts";

export const labelName = ({ speech, tastes }: Scene, label: string): string =>
  entryOf(speech.words.labelNames, label) ??
  tastes.labeling.labels.find(({ value }) => value === label)?.name ??
  label;
