/** Forms and their buttons. */
import type { FC, PropsWithChildren } from "hono/jsx";

export interface Sender {
  /** The form's target. */
  action: string;
  csrf: string;
  /** Hidden fields. */
  carried?: Record<string, string>;
}

/** `upload`: whether the form carries a file. `id`: for controls that stand elsewhere. */
export const Form: FC<PropsWithChildren<Sender & { step: string; upload?: boolean; id?: string }>> = ({
  action,
  csrf,
  carried = {},
  step,
  upload = false,
  id,
  children,
}) => (
  <form id={id} method="post" action={action} enctype={upload ? "multipart/form-data" : undefined}>
    <input type="hidden" name="csrf" value={csrf} />
    <input type="hidden" name="step" value={step} />
    {Object.entries(carried).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
    {children}
  </form>
);

/** The button at the end of a form with fields. */
export const Submit: FC<PropsWithChildren<{ weight?: "first" | "second" | "grave" }>> = ({
  weight = "first",
  children,
}) => (
  <div class="buttons column">
    <button class={weight} type="submit">
      {children}
    </button>
  </div>
);

type ButtonFormProps = PropsWithChildren<
  Sender & {
    step: string;
    weight?: "second" | "quiet" | "plain";
    /** The key that presses it, where the page has keys. */
    hotkey?: string;
  }
>;

/** A form that consists of one button. */
export const ButtonForm: FC<ButtonFormProps> = ({ weight = "quiet", hotkey, children, ...sender }) => (
  <Form {...sender}>
    <button class={weight} type="submit" data-key={hotkey}>
      {children}
    </button>
  </Form>
);
