/** The page that carries an answer back to an app that asks for `form_post`. */
import { raw } from "hono/html";
import type { FC } from "hono/jsx";
import type { WayBack } from "../authorize/way-back.ts";
import type { Frame } from "../visit.ts";
import { Submit } from "./form.tsx";
import { Layout } from "./layout.tsx";

/** A button, which a script presses. */
export const FormPostPage: FC<Frame & { back: WayBack }> = ({ host, nonce, back }) => (
  <Layout host={host} nonce={nonce} title="Going back">
    <h1>Back to the app</h1>
    <p class="lead">It is waiting for your answer.</p>
    <form method="post" action={back.redirectUri} id="way-back">
      {back.params.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <Submit>Go on</Submit>
    </form>
    <script nonce={nonce}>{raw('document.getElementById("way-back").submit()')}</script>
  </Layout>
);
