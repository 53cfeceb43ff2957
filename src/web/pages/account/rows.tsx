/** The rows of the lists on a member's pages. */
import type { Child, FC } from "hono/jsx";
import { ButtonForm, type Sender } from "../form.tsx";
import { Icon } from "../icons.tsx";

export const Words: FC<{ title: string; at?: Child }> = ({ title, at }) => (
  <span class="words">
    <b>{title}</b>
    {at === undefined ? null : (
      <>
        <br />
        <span class="at">{at}</span>
      </>
    )}
  </span>
);

export const Row: FC<{ href: string; title: string; at: Child }> = ({ href, ...words }) => (
  <a href={href}>
    <Words {...words} />
    <span class="arrow">
      <Icon name="arrow" />
    </span>
  </a>
);

interface EndingProps extends Sender {
  step: string;
  /** The button's text. `whom` names what it ends, for screen readers only. */
  does: string;
  whom: string;
}

export const Ending: FC<EndingProps> = ({ does, whom, ...sender }) => (
  <ButtonForm {...sender}>
    {does}
    <span class="visually-hidden"> {whom}</span>
  </ButtonForm>
);

/** A list row with a button that ends it. */
export const EndingRow: FC<EndingProps & { title: string; at?: Child }> = ({ title, at, ...ending }) => (
  <div>
    <Words title={title} at={at} />
    <Ending {...ending} />
  </div>
);

interface KeptProps extends Omit<EndingProps, "carried" | "whom"> {
  things: { title: string; at?: Child; carried: Record<string, string> }[];
}

/** A list of what is kept, each thing with a button that ends it. */
export const Kept: FC<KeptProps> = ({ things, ...ending }) =>
  things.length === 0 ? (
    <p class="lead">None yet.</p>
  ) : (
    <div class="rows">
      {things.map(({ title, at, carried }) => (
        <EndingRow {...ending} title={title} at={at} carried={carried} whom={title} />
      ))}
    </div>
  );
