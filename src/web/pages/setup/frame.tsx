/** The frame of set-up's pages: the way back to all of them, a title, and one thing to decide. */
import type { Child, FC, PropsWithChildren } from "hono/jsx";
import type { Problem } from "../../problems.ts";
import type { Frame } from "../../visit.ts";
import type { Sender } from "../form.tsx";
import { Layout } from "../layout.tsx";
import { BackLink, Done, ProblemNotice } from "../parts.tsx";

export interface SetUpFrame extends Frame {
  sender: Sender;
  /** "3 of 10" */
  place: string;
  problem?: Problem | undefined;
  done?: string | undefined;
}

interface PageProps extends SetUpFrame {
  title: string;
  lead: Child;
  scripts?: readonly string[];
}

export const SetUpPage: FC<PropsWithChildren<PageProps>> = (props) => {
  const { host, nonce, title, lead, place, problem, done, scripts = [], children } = props;
  return (
    <Layout host={host} nonce={nonce} title={title} scripts={scripts} wide>
      <BackLink href="/setup" label={`Set-up, ${place}`} />
      <h1>{title}</h1>
      <p class="lead">{lead}</p>
      <Done message={done} />
      <ProblemNotice problem={problem} />
      {children}
    </Layout>
  );
};

interface ChoiceProps {
  name: string;
  label: string;
  options: readonly { value: string; label: string; hint: string }[];
  chosen: string;
}

/** One of a few, each with a sentence. */
export const Choice: FC<ChoiceProps> = ({ name, label, options, chosen }) => (
  <fieldset class="field choice">
    <legend>{label}</legend>
    {options.map(({ value, label: words, hint }, index) => (
      <div class="check">
        <input
          type="radio"
          id={`${name}-${index}`}
          name={name}
          value={value}
          checked={value === chosen}
          required
          aria-describedby={`${name}-${index}-hint`}
        />
        <div>
          <label for={`${name}-${index}`}>{words}</label>
          <p class="hint" id={`${name}-${index}-hint`}>
            {hint}
          </p>
        </div>
      </div>
    ))}
  </fieldset>
);
