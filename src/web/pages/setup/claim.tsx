/** The page of a host that is not set up: how whoever deployed it gets in. */
import type { FC } from "hono/jsx";
import type { Problem } from "../../problems.ts";
import type { Frame } from "../../visit.ts";
import { Field } from "../fields.tsx";
import { Form, Submit, type Sender } from "../form.tsx";
import { Layout } from "../layout.tsx";
import { ProblemNotice } from "../parts.tsx";

/**
 * - `code`: set-up waits for the code
 * - `elsewhere`: it is under way in another browser, and the code moves it here
 * - `no code`: the deploy has no code yet
 * - `owner`: it is under way, and the owner's sign-in opens it
 */
export type ClaimView = "code" | "elsewhere" | "no code" | "owner";

interface ClaimProps extends Frame {
  view: ClaimView;
  sender: Sender;
  problem?: Problem | undefined;
}

export const ClaimPage: FC<ClaimProps> = ({ host, nonce, view, sender, problem }) => (
  <Layout host={host} nonce={nonce} title="Set-up">
    <h1>{view === "owner" ? "Set-up is not finished" : "This host is not set up yet"}</h1>
    {view === "owner" ? <OwnerWay /> : null}
    {view === "no code" ? <NoCode /> : null}
    {view === "code" || view === "elsewhere" ? (
      <CodeForm view={view} sender={sender} problem={problem} />
    ) : null}
  </Layout>
);

const OwnerWay: FC = () => (
  <>
    <p class="lead">It has an owner already. Sign in as its owner, and come back to this page.</p>
    <div class="buttons start">
      <a class="button first" href="/account/sign-in">
        Sign in
      </a>
    </div>
  </>
);

const NoCode: FC = () => (
  <>
    <p class="lead">
      Nobody can set it up, because it has no code for that. Whoever deployed it gives it one, in one of two
      ways. Then this page asks for it.
    </p>
    <ol class="steps">
      <li>
        <h3>In a terminal</h3>
        <p>In the folder of the project, with a code of your own, at least 12 characters long:</p>
        <p class="address">
          <code>npx wrangler secret put SETUP_CODE</code>
        </p>
      </li>
      <li>
        <h3>Or in Cloudflare’s dashboard</h3>
        <p>
          Workers &amp; Pages, this Worker, Settings, Variables and Secrets, Add: the type is “Secret”, the
          name <code>SETUP_CODE</code>, the value your code.
        </p>
      </li>
    </ol>
  </>
);

const CodeForm: FC<Omit<ClaimProps, keyof Frame>> = ({ view, sender, problem }) => (
  <>
    <p class="lead">
      {view === "elsewhere"
        ? "Set-up is under way in another browser. With the code you go on in this one, and the other is shut out."
        : "Whoever deployed it does so here, with the set-up code: the one that “npm run deploy” printed, or that was typed into the form of the deploy button."}
    </p>
    <ProblemNotice problem={problem} />
    <Form {...sender} step="open">
      <Field
        name="code"
        label="Set-up code"
        type="password"
        autocomplete="one-time-code"
        maxlength={256}
        problem={problem}
        hint="It is the secret SETUP_CODE of the Worker. Lost it? Set a new one, in Cloudflare’s dashboard at the Worker’s Settings, Variables and Secrets, or by npx wrangler secret put SETUP_CODE."
        autofocus
      />
      <Submit>Open set-up</Submit>
    </Form>
  </>
);
