/** The form to write a post, whole and as it stands on the front page. */
import type { FC } from "hono/jsx";
import { LONGEST } from "../acts/compose.ts";
import type { Forms, Scene } from "../visit.ts";

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
}

export const BLANK: Draft = { text: "", reply: "", quote: "", who: "everybody", warning: "none" };

interface FieldProps {
  scene: Scene;
  forms: Forms;
  draft?: Draft;
  rows: number;
}

const TextField: FC<FieldProps> = ({ scene, forms, draft = BLANK, rows }) => {
  const { words } = scene.speech;
  return (
    <>
      <input type="hidden" name="csrf" value={forms.csrf} />
      <input type="hidden" name="lang" value={words.lang} />
      <label class="visually-hidden" for="text">
        {draft.reply === "" ? words.text : words.textReply}
      </label>
      <textarea
        id="text"
        name="text"
        rows={rows}
        dir="auto"
        placeholder={draft.reply === "" ? words.text : words.textReply}
        data-longest={LONGEST}
      >
        {draft.text}
      </textarea>
    </>
  );
};

/** What stands on the front page: a text, and the way to the whole form. */
export const QuickPost: FC<{ scene: Scene }> = ({ scene }) => {
  const { forms, speech } = scene;
  const { words } = speech;
  if (forms === null) return null;
  return (
    <form class="writing quick" method="post" action="/intent/compose">
      <TextField scene={scene} forms={forms} rows={2} />
      <input type="hidden" name="back" value={forms.back} />
      <div class="below">
        <a href="/intent/compose">{words.options}</a>
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
  choices: Readonly<Record<string, string>>;
  chosen: string;
}

const Choices: FC<ChoicesProps> = ({ name, label, choices, chosen }) => (
  <div class="field">
    <label for={name}>{label}</label>
    <select id={name} name={name}>
      {Object.entries(choices).map(([value, said]) => (
        <option value={value} selected={value === chosen}>
          {said}
        </option>
      ))}
    </select>
  </div>
);

interface WritingProps {
  scene: Scene;
  forms: Forms;
  draft: Draft;
  back: string;
}

export const Writing: FC<WritingProps> = ({ scene, forms, draft, back }) => {
  const { words } = scene.speech;
  const isReply = draft.reply !== "";
  return (
    <form
      class="writing"
      method="post"
      action="/intent/compose"
      data-add={words.addPictures}
      data-alt={words.alt}
      data-remove={words.removePicture}
      data-failed={words.pictureFailed}
    >
      <TextField scene={scene} forms={forms} draft={draft} rows={6} />
      {Object.entries({ reply: draft.reply, quote: draft.quote, back }).map(([name, value]) =>
        value === "" ? null : <input type="hidden" name={name} value={value} />,
      )}
      <details class="card">
        <summary>{words.options}</summary>
        {isReply ? null : (
          <Choices name="who" label={words.who} choices={words.whoChoices} chosen={draft.who} />
        )}
        <Choices name="warning" label={words.warning} choices={words.warningChoices} chosen={draft.warning} />
      </details>
      <div class="below">
        <button class="first" type="submit">
          {words.post}
        </button>
      </div>
    </form>
  );
};
