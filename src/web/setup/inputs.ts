/** The inputs of a page of settings. */
import type { SettingName } from "../../protocol/settings/list.ts";

/** A picture to upload. Left empty, it stays as it is. */
export interface PictureInput {
  kind: "picture";
  name: SettingName;
  label: string;
  hint: string;
}

interface TextInput {
  kind: "text";
  name: SettingName;
  label: string;
  hint: string;
  type?: "text" | "email" | "password";
  maxlength?: number;
}

export interface ChoiceInput {
  kind: "choice";
  name: SettingName;
  label: string;
  options: readonly { value: string; label: string; hint: string }[];
  /** A further choice, which is typed. */
  other?: { label: string; hint: string };
}

/** The value of that further choice, and the field in which it is typed. */
export const OTHER = "other";
export const otherOf = (name: SettingName): string => `${name}-${OTHER}`;

export type Input = TextInput | ChoiceInput | PictureInput;

export interface SettingsPage {
  title: string;
  lead: string;
  inputs: readonly Input[];
}
