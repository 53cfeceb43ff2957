/** The form to write a post, whole and as it stands on the front page. */
import type { FC } from "hono/jsx";
import { LONGEST } from "../acts/compose.ts";
import type { Card } from "../cards/card.ts";
import type { Forms, Scene } from "../visit.ts";
import type { Words } from "../words/en.ts";
import { CardPreview } from "./card-preview.tsx";

export const Problem: FC<{ message: string | null }> = ({ message }) =>
  message === null ? null : (
    <div class="notice bad" role="alert">
      <p>{message}</p>
    </div>
  );

export interface Draft {
  text: string;
  reply: string;
  quote: string;
  who: string;
  warning: string;
  lang: string;
  /** Its name among the member's drafts; empty if it is none yet. */
  id: string;
  card: Card | null;
  /** JSON: the card's picture. */
  thumb: string;
  /** Pictures that were sent before: JSON, and what they show. */
  pictures: { sent: string; alt: string }[];
}

interface FieldProps {
  scene: Scene;
  forms: Forms;
  draft?: Pick<Draft, "text" | "reply">;
  rows: number;
}

const TextField: FC<FieldProps> = ({ scene, forms, draft = { text: "", reply: "" }, rows }) => {
  const { words } = scene.speech;
  const label = draft.reply === "" ? words.text : words.textReply;
  return (
    <>
      <input type="hidden" name="csrf" value={forms.csrf} />
      <label class="visually-hidden" for="text">
        {label}
      </label>
      <textarea id="text" name="text" rows={rows} dir="auto" placeholder={label} data-longest={LONGEST}>
        {draft.text}
      </textarea>
    </>
  );
};

/** How many characters are left, once the page's script counts them. */
const Left: FC<{ words: Words }> = ({ words }) => (
  <span class="scripted">
    <span class="visually-hidden">{words.characters}</span> <span class="left">{LONGEST}</span>
  </span>
);

interface QuickProps {
  scene: Scene;
  lang: string;
  /** The choice of who may reply, to a post of its own. */
  who?: string;
  /** URI of the post that it answers. */
  reply?: string;
}

/** A form on a page that is there to be read: a text, and the way to the whole form. */
export const QuickPost: FC<QuickProps> = ({ scene, lang, who, reply = "" }) => {
  const { forms, speech } = scene;
  const { words } = speech;
  if (forms === null) return null;
  const { back } = forms;
  const whole = new URLSearchParams(reply === "" ? {} : { reply, back }).toString();
  return (
    <form class="writing quick" method="post" action="/intent/compose">
      <TextField scene={scene} forms={forms} draft={{ text: "", reply }} rows={2} />
      {Object.entries({ lang, who, reply, back }).map(([name, value]) =>
        value === undefined || value === "" ? null : <input type="hidden" name={name} value={value} />,
      )}
      <div class="below">
        <a href={whole === "" ? "/intent/compose" : `/intent/compose?${whole}`}>{words.options}</a>
        <Left words={words} />
        <button class="first" type="submit">
          {words.post}
        </button>
      </div>
    </form>
  );
};

interface ChoicesProps {
  name: string;
  label: string;
  choices: readonly (readonly [value: string, said: string])[];
  chosen: string;
}

const Choices: FC<ChoicesProps> = ({ name, label, choices, chosen }) => (
  <div class="field">
    <label for={name}>{label}</label>
    <select id={name} name={name}>
      {choices.map(([value, said]) => (
        <option value={value} selected={value === chosen}>
          {said}
        </option>
      ))}
    </select>
  </div>
);

/** Pictures of a form that came back: they are kept, though nothing shows them yet. */
const Shots: FC<{ scene: Scene; pictures: Draft["pictures"] }> = ({ scene: { speech }, pictures }) => (
  <div class="shots">
    {pictures.map(({ sent, alt }, i) => (
      <figure>
        <span class="shot" aria-hidden="true">
          {i + 1}
        </span>
        <div>
          <label>
            {speech.words.alt}
            <textarea name={`alt${i}`} rows={3} dir="auto">
              {alt}
            </textarea>
          </label>
          <input type="hidden" name={`picture${i}`} value={sent} />
          <button class="quiet" type="button" hidden>
            {speech.words.removePicture}
          </button>
        </div>
      </figure>
    ))}
  </div>
);

interface WritingProps {
  scene: Scene;
  forms: Forms;
  draft: Draft;
  languages: readonly (readonly [string, string])[];
  back: string;
  /** Whether this host keeps drafts. */
  keeps: boolean;
}

export const Writing: FC<WritingProps> = ({ scene, forms, draft, languages, back, keeps }) => {
  const { words } = scene.speech;
  const isReply = draft.reply !== "";
  const who = Object.entries(words.whoChoices).filter(([value]) => value !== "kept" || draft.who === value);
  return (
    <form
      class="writing"
      method="post"
      action="/intent/compose"
      data-alt={words.alt}
      data-remove={words.removePicture}
      data-failed={words.pictureFailed}
    >
      <TextField scene={scene} forms={forms} draft={draft} rows={6} />
      {Object.entries({ reply: draft.reply, quote: draft.quote, draft: draft.id, back }).map(
        ([name, value]) => (value === "" ? null : <input type="hidden" name={name} value={value} />),
      )}
      <div class="cards" aria-live="polite">
        {draft.card === null ? null : <CardPreview scene={scene} card={draft.card} thumb={draft.thumb} />}
      </div>
      {draft.pictures.length === 0 ? null : <Shots scene={scene} pictures={draft.pictures} />}
      <details class="card">
        <summary>{words.options}</summary>
        {isReply ? null : <Choices name="who" label={words.who} choices={who} chosen={draft.who} />}
        <Choices
          name="warning"
          label={words.warning}
          choices={Object.entries(words.warningChoices)}
          chosen={draft.warning}
        />
        <Choices name="lang" label={words.langOfPost} choices={languages} chosen={draft.lang} />
      </details>
      <div class="below">
        <button class="quiet scripted add" type="button">
          {words.addPictures}
        </button>
        <Left words={words} />
        {draft.card === null ? (
          <button class="quiet ask" type="submit" name="do" value="card">
            {words.showCard}
          </button>
        ) : null}
        {isReply || !keeps ? null : (
          <button class="quiet" type="submit" name="do" value="draft">
            {words.keepDraft}
          </button>
        )}
        <button class="first" type="submit" name="do" value="post">
          {words.post}
        </button>
      </div>
    </form>
  );
};
