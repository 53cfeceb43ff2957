/** The page of handle domains, with the record that they need, and a test. */
import type { FC } from "hono/jsx";
import type { Check } from "../../../lifecycle/host/checks.ts";
import { Field } from "../fields.tsx";
import { Form } from "../form.tsx";
import { SetUpPage, type SetUpFrame } from "./frame.tsx";
import { Checks } from "./checks.tsx";

interface HandlesProps extends SetUpFrame {
  /** Separated by commas, each with its leading dot. */
  domains: string;
  fixed: boolean;
  checks: readonly Check[];
}

const LEAD = "Each member has one, such as anna.example.com. It is how others find and mention them.";

export const HandlesPage: FC<HandlesProps> = ({ domains, fixed, checks, ...frame }) => {
  const [first = ""] = domains.split(",").map((each) => each.trim());
  const bare = first.replace(/^\*?\.?/, "");
  return (
    <SetUpPage {...frame} title="Handles" lead={LEAD}>
      <Checks checks={checks} />
      <Form {...frame.sender} step="save">
        <Field
          name="HANDLE_DOMAINS"
          label="Handles end in"
          value={domains}
          hint={
            fixed
              ? "It is set in the Worker’s environment, and can only be changed there."
              : "A domain with a dot in front; several are separated by commas."
          }
          autocomplete="off"
          problem={frame.problem}
          optional
        />
        <div class="buttons">
          <button class="first" type="submit">
            Save and go on
          </button>
          <button class="second" type="submit" name="step" value="test">
            Test it
          </button>
        </div>
      </Form>
      {bare === "" || bare === "test" || bare.endsWith(".workers.dev") ? <NoRecords bare={bare} /> : null}
      {bare === "" || bare === "test" || bare.endsWith(".workers.dev") ? null : <Records bare={bare} />}
    </SetUpPage>
  );
};

const NoRecords: FC<{ bare: string }> = ({ bare }) => (
  <p class="lead">
    {bare.endsWith(".workers.dev")
      ? "On a workers.dev name, only the host’s own name can be found as a handle: give it to your own account. Others bring domains of their own, or wait until the host has one."
      : "Handles that end in .test work on this machine alone."}
  </p>
);

const Records: FC<{ bare: string }> = ({ bare }) => (
  <section>
    <h2>What the domain needs</h2>
    <p class="lead">Once for all handles, in Cloudflare’s dashboard:</p>
    <table class="record">
      <caption class="visually-hidden">The DNS record</caption>
      <tr>
        <th scope="row">Type</th>
        <td>
          <code>AAAA</code>
        </td>
      </tr>
      <tr>
        <th scope="row">Name</th>
        <td>
          <code>*.{bare}</code>
        </td>
      </tr>
      <tr>
        <th scope="row">IPv6 address</th>
        <td>
          <code>100::</code>
        </td>
      </tr>
      <tr>
        <th scope="row">Proxy</th>
        <td>on (orange cloud)</td>
      </tr>
    </table>
    <p class="lead">
      And a route to this Worker, under Settings, Domains &amp; Routes:{" "}
      <code>*.{bare}/.well-known/atproto-did*</code>. It leaves everything else of the domain as it is.
    </p>
  </section>
);
