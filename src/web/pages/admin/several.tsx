/** Acts upon several that a reader chose: which act, and the look before it. */
import type { Child, FC } from "hono/jsx";
import { Form, Submit } from "../form.tsx";
import type { Options } from "../labelled.tsx";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";

/** The end of a form with boxes to choose by. */
export const ChooseAct: FC<{ name: string; acts: Options }> = ({ name, acts }) => (
  <div class="inline">
    <label class="visually-hidden" for={name}>
      What to do with those chosen
    </label>
    <select id={name} name={name}>
      {acts.map(([act, label]) => (
        <option value={act}>{label}</option>
      ))}
    </select>
    <button class="quiet" type="submit">
      Look at those chosen
    </button>
  </div>
);

interface PreviewProps extends DeskFrame {
  title: string;
  /** The effect of the act. */
  lead: string;
  back: { path: string; label: string };
  step: string;
  act: { name: string; value: string; label: string; isGrave: boolean };
  chosen: { name: string; line: Child }[];
  /** Fields of the form. */
  children?: Child;
}

/** The effect that an act would have, and on whom. */
export const PreviewPage: FC<PreviewProps> = ({ step, act, chosen, children, ...frame }) => (
  <DeskPage {...frame}>
    <Form
      {...frame.sender}
      step={step}
      carried={{ [act.name]: act.value, ...Object.fromEntries(chosen.map(({ name }) => [name, "yes"])) }}
    >
      <ul class="log">
        {chosen.map(({ line }) => (
          <li>{line}</li>
        ))}
      </ul>
      {children}
      <Submit weight={act.isGrave ? "grave" : "first"}>{act.label}</Submit>
    </Form>
  </DeskPage>
);
