/** The forms by which a moderator decides about a subject. */
import type { FC } from "hono/jsx";
import type { Decided } from "../../../admin/moderation/decided.ts";
import { contentOf } from "../../../admin/moderation/post-view.ts";
import type { SubjectFacts, SubjectPosts } from "../../../admin/moderation/report-reads.ts";
import { WARNINGS } from "../../../admin/moderation/warnings.ts";
import { type ReportedSubject, isAppeal } from "../../../../moderation/reports.ts";
import type { Fields } from "../../../forms.ts";
import { Check, Field } from "../../fields.tsx";
import { Select, TextArea } from "../../labelled.tsx";
import { Form, Submit } from "../../form.tsx";
import type { DeskFrame } from "../desk-page.tsx";

export interface SubjectProps extends DeskFrame {
  about: ReportedSubject;
  facts: SubjectFacts;
  posts: SubjectPosts;
  /** Whether the reader may act upon the author. */
  mayAct: boolean;
  decided: Decided | null;
  wanted?: Fields | undefined;
  /** The community's own labels: the word, and its name. */
  ownLabels: readonly (readonly [string, string])[];
}

/** Labels that every client knows, and what they do. */
export const LABELS = [
  ["spam", "Spam"],
  ["!warn", "Warn before it is shown"],
  ["!hide", "Hide it"],
  ["porn", "Porn"],
  ["sexual", "Suggestive"],
  ["nudity", "Nudity"],
  ["graphic-media", "Graphic media"],
  ["impersonation", "Impersonation"],
] as const;

/** Where the subject stands, and what can be done about it. */
function standingOf({ about: { uri }, facts: { author, takedown }, posts: { hidden } }: SubjectProps) {
  const isDown = takedown !== null || (uri === null ? (author?.takedown ?? null) : hidden) !== null;
  const maySuspend = author === null ? uri !== null : author.takedown === null;
  return { isHere: author !== null, isDown, maySuspend };
}

export const Decisions: FC<SubjectProps> = (props) => {
  const { about, facts, sender, posts, problem, wanted, ownLabels } = props;
  const { isHere, isDown, maySuspend } = standingOf(props);
  const appeals = facts.reports.some(({ state, reasonType }) => state === "open" && isAppeal(reasonType));
  const meant = posts.thread.find(({ uri }) => uri === about.uri);
  const cid = facts.reports.find(({ subjectCid }) => subjectCid !== null)?.subjectCid ?? "";
  const seen = String(facts.reports.find(({ state }) => state === "open")?.id ?? "");
  return (
    <section>
      <h2>Decide</h2>
      <Form {...sender} step="dismiss" carried={{ cid, seen }}>
        <Select
          name="label"
          label="Label"
          options={[["", "No label"], ...LABELS, ...ownLabels]}
          chosen={wanted?.get("label")}
          hotkey="l"
          problem={problem}
        />
        <Field
          name="note"
          label="Note for the log"
          value={wanted?.get("note")}
          optional
          maxlength={500}
          hotkey="o"
        />
        <Check
          name="tell"
          label={appeals ? "Tell who appealed, by mail" : "Tell who reported it, by mail"}
          hint="What came of it, without details."
          checked={appeals}
          hotkey="y"
        />
        <div class="inline decide">
          <Decide step="dismiss" hotkey="d" words="Dismiss" />
          <Decide step="label" hotkey="m" words="Label it" />
          {isDown ? null : <Decide step="take-down" hotkey="t" words={downWords(isHere, about)} grave />}
          {maySuspend ? (
            <Decide
              step="suspend"
              hotkey="s"
              words={isHere ? "Suspend the account" : "Hide the account here"}
              grave
            />
          ) : null}
          {isDown ? <Decide step="restore" hotkey="r" words="Restore it" /> : null}
        </div>
      </Form>
      {isHere ? (
        <Warn
          {...props}
          seen={seen}
          text={meant === undefined ? "" : contentOf(meant.record, meant.did).text}
        />
      ) : null}
    </section>
  );
};

const downWords = (isHere: boolean, { uri }: ReportedSubject): string => {
  if (uri === null) return isHere ? "Take the account down" : "Hide the account here";
  return isHere ? "Take it down" : "Hide it here";
};

const Decide: FC<{ step: string; hotkey: string; words: string; grave?: boolean }> = ({
  step,
  hotkey,
  words,
  grave,
}) => (
  <button
    class={grave ? "grave" : "quiet"}
    type="submit"
    name="step"
    value={step}
    data-key={hotkey === "" ? undefined : hotkey}
  >
    {words}
  </button>
);

/** `seen`: the newest open report. */
const Warn: FC<SubjectProps & { text: string; seen: string }> = ({ sender, wanted, text, seen }) => (
  <div class="acts">
    <details open={wanted?.get("step") === "warn"}>
      <summary data-key="w">Write to the member</summary>
      <Form {...sender} step="warn" carried={{ seen }}>
        <fieldset>
          <legend>What the mail says</legend>
          {WARNINGS.map(({ name, label }) => (
            <div class="check">
              <input type="radio" id={`kind-${name}`} name="kind" value={name} />
              <label for={`kind-${name}`}>{label}</label>
            </div>
          ))}
          <div class="check">
            <input type="radio" id="kind-own" name="kind" value="own" checked />
            <label for="kind-own">Only my own words</label>
          </div>
        </fieldset>
        <TextArea
          name="words"
          label="Your own words"
          optional
          maxlength={2000}
          value={wanted?.get("words") ?? (text === "" ? "" : `It is about this: “${text.slice(0, 300)}”`)}
        />
        <Submit weight="second">Send, and close the reports</Submit>
      </Form>
    </details>
  </div>
);
