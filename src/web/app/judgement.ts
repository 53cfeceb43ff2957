/**
 * The effect of labels on what is shown, as the official clients have it
 * (app.bsky.actor.defs#contentLabelPref, docs.bsky.app "Labels and moderation"). Guests see nothing for
 * adults, and nobody who asks not to be shown to them.
 */
import type { OwnLabel } from "../../protocol/settings/own-labels.ts";

interface Label {
  val: string;
  src: string;
  neg?: boolean | undefined;
}

export type Visibility = "hide" | "warn" | "ignore";

/** Reads a form's or a preference's word; null for any other. `show` is the older name of `ignore`. */
export function visibilityOf(value: unknown): Visibility | null {
  if (value === "show") return "ignore";
  return value === "hide" || value === "warn" || value === "ignore" ? value : null;
}

export interface MutedWord {
  /** In lower case. */
  value: string;
  /** Whether it is looked for in texts as well as among tags. */
  inText: boolean;
  /** Whether posts by those whom the reader follows are shown even so. */
  exceptFollowed: boolean;
}

/** The labels that the community has made for itself, as its own labeler says what they mean. */
export interface Labeling {
  /** The DIDs under which the host gives labels. */
  sources: readonly string[];
  labels: readonly OwnLabel[];
}

/** A reader's own choices. */
export interface Tastes {
  /** Whether somebody is signed in. */
  member: boolean;
  adult: boolean;
  /** By label; absent: the label's usual. */
  labels: ReadonlyMap<string, Visibility>;
  labeling: Labeling;
  /** By one of the community's own labels; absent: a warning. */
  ownLabels: ReadonlyMap<string, Visibility>;
  words: readonly MutedWord[];
  /** URIs of posts that the reader has hidden. */
  hidden: ReadonlySet<string>;
}

export const guestTastes = (labeling: Labeling): Tastes => ({
  member: false,
  adult: false,
  labels: new Map(),
  labeling,
  ownLabels: new Map(),
  words: [],
  hidden: new Set(),
});

/** Whether a text, or one of its tags, has a word that the reader mutes. */
export function hasMutedWord(
  { words }: Tastes,
  text: string,
  tags: readonly string[],
  followed: boolean,
): boolean {
  if (words.length === 0) return false;
  const low = text.toLowerCase();
  const marked = new Set(tags.map((tag) => tag.toLowerCase()));
  return words.some(({ value, inText, exceptFollowed }) => {
    if (exceptFollowed && followed) return false;
    return marked.has(value.replace(/^#/, "")) || (inText && containsWord(low, value));
  });
}

/** Whether a text contains a word or phrase as such, and not as a part of another word. */
function containsWord(text: string, word: string): boolean {
  // Scripts without blanks between words, and signs, are looked for anywhere.
  const isWordly =
    /^[\p{L}\p{N}]/u.test(word) &&
    !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(word);
  for (let from = text.indexOf(word); from >= 0; from = text.indexOf(word, from + 1)) {
    if (!isWordly) return true;
    const [before, after] = [text.slice(0, from), text.slice(from + word.length)];
    if (!/[\p{L}\p{N}]$/u.test(before) && !/^[\p{L}\p{N}]/u.test(after)) return true;
  }
  return false;
}

export interface Judgement {
  /** Whether feeds leave it out. */
  unlisted: boolean;
  /** Whether nothing of it is shown, even where it is asked for. The label is the reason. */
  hidden: string | null;
  /** A label under which all of it is covered. */
  cover: string | null;
  /** A label under which its media are covered; `mediaHidden`: they are not shown at all. */
  mediaCover: string | null;
  mediaHidden: boolean;
  /** Labels to mention. */
  notes: string[];
}

/** Whether words are shown as they are. */
export const isUncovered = ({ hidden, cover }: Judgement): boolean => hidden === null && cover === null;

/** Whether words and pictures are shown as they are. */
export const isPlain = (judged: Judgement): boolean => isUncovered(judged) && judged.mediaCover === null;

/** Labels of media, and what is usual for somebody who has chosen nothing. */
export const OF_MEDIA: Readonly<Record<string, { usual: Visibility; adult: boolean }>> = {
  porn: { usual: "hide", adult: true },
  sexual: { usual: "warn", adult: true },
  nudity: { usual: "ignore", adult: false },
  "graphic-media": { usual: "warn", adult: true },
  gore: { usual: "warn", adult: true },
};

const NOTED = new Set(["spam", "impersonation"]);
export const MEMBERS_ONLY = "!no-unauthenticated";

/** @param labels of the post and of its author, without those that a later one negates */
export function judge(labels: readonly Label[], tastes: Tastes): Judgement {
  const found: Judgement = {
    unlisted: false,
    hidden: null,
    cover: null,
    mediaCover: null,
    mediaHidden: false,
    notes: [],
  };
  for (const label of labels) {
    if (label.neg === true) continue;
    const own = ownLabel(label, tastes.labeling);
    if (own === undefined) weigh(found, label.val, tastes);
    else weighOwn(found, own, tastes.ownLabels.get(own.value) ?? "warn");
  }
  return found;
}

/** A label's meaning is what its labeler says: others, and authors, may use the same word for something else. */
const ownLabel = ({ val, src }: Label, { sources, labels }: Labeling): OwnLabel | undefined =>
  sources.includes(src) ? labels.find(({ value }) => value === val) : undefined;

function weighOwn(found: Judgement, { value, blurs }: OwnLabel, wish: Visibility): void {
  if (wish === "ignore") return;
  found.unlisted ||= wish === "hide";
  if (blurs === "content") found.cover ??= value;
  else if (blurs === "media") found.mediaCover ??= value;
  if (blurs !== "content") found.notes.push(value);
}

function weigh(found: Judgement, val: string, tastes: Tastes): void {
  if (val === MEMBERS_ONLY) {
    if (!tastes.member) Object.assign(found, { unlisted: true, hidden: val });
  } else if (val === "!hide") {
    Object.assign(found, { unlisted: true, hidden: val });
  } else if (val === "!warn") {
    found.cover ??= val;
  } else if (Object.hasOwn(OF_MEDIA, val)) {
    weighMedia(found, val, tastes);
  } else if (NOTED.has(val)) {
    found.notes.push(val);
  }
}

function weighMedia(found: Judgement, val: string, { member, adult, labels }: Tastes): void {
  const rule = OF_MEDIA[val];
  if (rule === undefined) return;
  const barred = !member || (rule.adult && !adult);
  const wish = barred ? "hide" : (labels.get(val) ?? rule.usual);
  if (wish === "ignore") return;
  found.mediaCover ??= val;
  if (wish !== "hide") return;
  found.unlisted = true;
  found.mediaHidden ||= barred;
}
