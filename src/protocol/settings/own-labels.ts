/**
 * The community's own labels, beside those that every client knows: what they are called, and what clients do
 * with what has one (com.atproto.label.defs#labelValueDefinition). A setting keeps them as JSON.
 */
import { Unfit } from "./unfit.ts";

export interface OwnLabel {
  /** Kebab-case, such as `off-topic`. */
  value: string;
  name: string;
  description: string;
  /** How a client marks what has it. */
  severity: "inform" | "alert";
  /** The part that a client hides behind a warning. */
  blurs: "none" | "media" | "content";
}

/** Labels that every client knows. */
export const KNOWN_LABELS = [
  "!hide",
  "!warn",
  "porn",
  "sexual",
  "nudity",
  "graphic-media",
  "spam",
  "impersonation",
] as const;

const LABELS_MAX = 30;
const NAME_MAX = 64;
const DESCRIPTION_MAX = 300;

/** The labels of a setting in its normal form. */
export const ownLabelsOf = (text: string): OwnLabel[] =>
  text === "" ? [] : (JSON.parse(text) as OwnLabel[]);

const isOneOf = <Word extends string>(value: unknown, words: readonly Word[]): value is Word =>
  words.some((word) => word === value);

function labelOf(given: unknown): OwnLabel {
  const { value, name, description, severity, blurs }: Partial<Record<keyof OwnLabel, unknown>> =
    typeof given === "object" && given !== null ? given : {};
  if (typeof value !== "string" || value.length > 100 || !/^[a-z]+(-[a-z]+)*$/.test(value))
    throw new Unfit("has a label that is not of small letters with dashes between words");
  if (isOneOf(value, KNOWN_LABELS)) throw new Unfit(`has the label ${value}, which every app knows already`);
  if (typeof name !== "string" || name === "" || name.length > NAME_MAX)
    throw new Unfit(`has a label without a name of up to ${NAME_MAX} characters`);
  if (typeof description !== "string" || description.length > DESCRIPTION_MAX)
    throw new Unfit(`has a label whose description is longer than ${DESCRIPTION_MAX} characters`);
  if (
    !isOneOf(severity, ["inform", "alert"] as const) ||
    !isOneOf(blurs, ["none", "media", "content"] as const)
  )
    throw new Unfit("has a label of no known severity");
  return { value, name, description, severity, blurs };
}

/** The normal form of a JSON array of labels. */
export function readOwnLabels(text: string): string {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new Unfit("is no JSON");
  }
  if (!Array.isArray(given) || given.length > LABELS_MAX)
    throw new Unfit(`is no list of up to ${LABELS_MAX} labels`);
  const labels = given.map(labelOf);
  if (new Set(labels.map(({ value }) => value)).size < labels.length) throw new Unfit("has a label twice");
  return labels.length === 0 ? "" : JSON.stringify(labels);
}
