/**
 * What labels do to what is shown, as the official clients have it (app.bsky.actor.defs#contentLabelPref,
 * docs.bsky.app "Labels and moderation"). Guests see nothing for adults, and nobody who asks not to be shown
 * to them.
 */
interface Label {
  val: string;
  src: string;
  neg?: boolean | undefined;
}

type Visibility = "hide" | "warn" | "ignore";

/** What a reader has chosen. */
export interface Tastes {
  /** Whether somebody is signed in. */
  member: boolean;
  adult: boolean;
  /** By label; absent: the label's usual. */
  labels: ReadonlyMap<string, Visibility>;
}

export const GUEST: Tastes = { member: false, adult: false, labels: new Map() };

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

/** Labels of media, and what is usual for somebody who has chosen nothing. */
const OF_MEDIA: Readonly<Record<string, { usual: Visibility; adult: boolean }>> = {
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
  for (const { val, neg } of labels) if (neg !== true) weigh(found, val, tastes);
  return found;
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
