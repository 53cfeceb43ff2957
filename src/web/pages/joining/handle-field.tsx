/** The field for the handle of a new account. */
import type { FC } from "hono/jsx";
import type { Problem } from "../../problems.ts";
import type { HostWords } from "../../visit.ts";
import { Field } from "../fields.tsx";

export interface SignUpValues {
  handle?: string | undefined;
  domain?: string | undefined;
  email?: string | undefined;
  /** Absent, where new members are approved: they ask first, and have none. */
  inviteCode?: string | undefined;
  /** Why they want to join. */
  reason?: string | undefined;
  /** The public half of a key that the browser made. */
  recoveryKey?: string | undefined;
}

/** The ending of every handle, or a choice of endings. */
export const HandleEnding: FC<{ domains: readonly string[]; chosen: string | undefined }> = ({
  domains,
  chosen,
}) =>
  domains.length > 1 ? (
    <select name="domain" class="tail" aria-label="Domain of the handle">
      {domains.map((each) => (
        <option value={each} selected={each === chosen}>
          {each}
        </option>
      ))}
    </select>
  ) : (
    <span class="tail ending">{domains[0]}</span>
  );

interface HandleProps {
  host: HostWords;
  values: SignUpValues;
  problem?: Problem | null | undefined;
  autofocus: boolean;
}

export const HandleField: FC<HandleProps> = ({ host, values, problem, autofocus }) => (
  <Field
    name="handle"
    label="Handle"
    value={values.handle}
    autocomplete="username"
    problem={problem}
    maxlength={18}
    minlength={3}
    hint="Your name here: 3 to 18 letters, digits or dashes."
    tail={<HandleEnding domains={host.handleDomains} chosen={values.domain} />}
    autofocus={autofocus}
  />
);
