/** The page of the host's address, with what each choice can and cannot do. */
import type { FC } from "hono/jsx";
import type { Obstacle } from "../../../lifecycle/host/reach.ts";
import { Field } from "../fields.tsx";
import { Form, Submit } from "../form.tsx";
import { Icon } from "../icons.tsx";
import { Choice, SetUpPage, type SetUpFrame } from "./frame.tsx";

interface AddressProps extends SetUpFrame {
  /** The origin that the browser asked. */
  here: string;
  /** The address that is set; empty if there is none. */
  set: string;
  /** Whether the environment sets it. */
  fixed: boolean;
  typed: string;
  found: { origin: string; obstacle: Obstacle } | null;
  /** Whether there is an account already, whose identity names the address. */
  owned: boolean;
}

export const AddressPage: FC<AddressProps> = (props) => {
  const { here, set, fixed, typed, found, owned, ...frame } = props;
  const settled = fixed || (owned && set !== "");
  return (
    <SetUpPage
      {...frame}
      title="Its address"
      lead="Members’ identities name it, so take one that can stay. It can be changed later, which takes a while for every member."
    >
      {settled ? (
        <>
          <p>
            The address is <strong>{set}</strong>.{" "}
            {fixed ? "It is set in the Worker’s environment, and can only be changed there." : null}
          </p>
          <Form {...frame.sender} step="save">
            <Submit>Go on</Submit>
          </Form>
        </>
      ) : (
        <>
          {found === null ? null : <Found {...found} />}
          <Form {...frame.sender} step="save">
            <Choice
              name="where"
              label="The host is at"
              options={[
                { value: "here", label: here, hint: hereWords(here) },
                {
                  value: "own",
                  label: "A domain of your own",
                  hint: "Such as pds.example.com, in a zone of your Cloudflare account. The host is asked there before you go on.",
                },
              ]}
              chosen={typed === "" ? "here" : "own"}
            />
            <Field
              name="PUBLIC_URL"
              label="Your own domain"
              value={typed}
              hint="The name alone. It counts if you chose it above."
              autocomplete="off"
              problem={frame.problem}
              optional
            />
            <Submit>{found === null ? "Save and go on" : "Test again, and go on"}</Submit>
          </Form>
          <OwnDomain />
        </>
      )}
    </SetUpPage>
  );
};

function hereWords(here: string): string {
  const { hostname } = new URL(here);
  if (hostname.endsWith(".workers.dev"))
    return "It works at once. But no member can have a handle below it, because names below a workers.dev name cannot be found: only the name itself can be a handle, of one account. Members can still bring domains of their own.";
  if (hostname === "localhost" || hostname.endsWith(".localhost"))
    return "For trying things out on this machine.";
  return "The address at which you see this page.";
}

const OwnDomain: FC = () => (
  <section>
    <h2>How a domain of your own gets here</h2>
    <ol class="steps">
      <li>
        <h3>Have the domain at Cloudflare</h3>
        <p>In the same account as this Worker: Add a domain. The free plan is enough.</p>
      </li>
      <li>
        <h3>Give the Worker its name</h3>
        <p>
          Workers &amp; Pages, this Worker, Settings, Domains &amp; Routes, Add, Custom domain: for instance{" "}
          <code>pds.example.com</code>. Cloudflare makes the DNS record and the certificate, which takes a
          minute or two.
        </p>
      </li>
      <li>
        <h3>Enter it above</h3>
        <p>One level below the zone is right: a certificate covers no deeper handles.</p>
      </li>
    </ol>
  </section>
);

export const OBSTACLE_WORDS: Record<Obstacle, string> = {
  none: "",
  private: "is not a name that others can reach.",
  unreachable:
    "does not answer. Either it has no DNS record yet, or no certificate: a new custom domain takes a minute or two.",
  redirect: "leads elsewhere. Remove the redirect of this name in Cloudflare’s Rules.",
  challenge:
    "asks for a browser or a sign-in first. Make an exception in Security (Bot Fight Mode, WAF rules) or Access.",
  elsewhere: "answers, but it is not this host. Add the name to this Worker as a custom domain.",
};

const Found: FC<{ origin: string; obstacle: Obstacle }> = ({ origin, obstacle }) => (
  <div class="notice bad" role="alert">
    <Icon name="alert" />
    <p>
      {new URL(origin).host} {OBSTACLE_WORDS[obstacle]} Nothing was saved.
    </p>
  </div>
);
