/** The last page of set-up: what works, what does not, and the end. */
import type { FC } from "hono/jsx";
import type { Check } from "../../../lifecycle/host/checks.ts";
import { ButtonForm, Form, Submit } from "../form.tsx";
import { Checks } from "./checks.tsx";
import { SetUpPage, type SetUpFrame } from "./frame.tsx";

interface HealthProps extends SetUpFrame {
  checks: readonly Check[];
  owned: boolean;
  unset: boolean;
}

export const HealthPage: FC<HealthProps> = ({ checks, owned, unset, ...frame }) => (
  <SetUpPage
    {...frame}
    title="Is all well?"
    lead="Each thing was tested just now, from outside where a Worker can. This list stays on the admin pages."
  >
    <Checks checks={checks} />
    <div class="inline">
      <a class="button quiet" href="/setup/health">
        Test again
      </a>
      <ButtonForm {...frame.sender} step="mail">
        Send me a mail
      </ButtonForm>
    </div>
    {unset ? null : (
      <Form {...frame.sender} step="finish">
        <p class="lead">
          {owned
            ? "When you finish, the set-up code opens nothing any more. All of this can be changed on the admin pages."
            : "There is no owner yet: make your account first. If you finish all the same, only the admin’s password does what an owner does, which you set as the secret ADMIN_PASSWORD of the Worker."}
        </p>
        <Submit>Finish set-up</Submit>
      </Form>
    )}
  </SetUpPage>
);
