/** The page on which an owner hands the host over. */
import type { FC } from "hono/jsx";
import type { HandOver } from "../../../lifecycle/host/hand-over.ts";
import { Field } from "../fields.tsx";
import { ButtonForm, Form, Submit } from "../form.tsx";
import { day } from "../parts.tsx";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";

interface HandOverProps extends DeskFrame {
  offer: (HandOver & { fromHandle: string; toHandle: string }) | null;
  wanted?: string | undefined;
}

export const HandOverPage: FC<HandOverProps> = ({ offer, wanted, ...frame }) => {
  const { confirmed, to, here, member, sender, problem } = frame;
  return (
    <DeskPage
      {...frame}
      title="Hand the host over"
      lead="In two steps: you offer it, and the new owner accepts. Then they are the owner, and you are a member like others."
      back={{ path: "/admin/roles", label: "Roles" }}
    >
      {confirmed ? null : (
        <p class="lead">
          <a href={to("/account/sign-in", { to: here, again: member.handle })}>Sign in once more</a> to change
          anything here.
        </p>
      )}
      {offer === null ? null : (
        <div class="card">
          <p>
            @{offer.toHandle} can take the place of @{offer.fromHandle}
            {offer.readyAt > Date.now() ? ` from ${day(offer.readyAt)} on` : ""}
            {offer.byKey ? ", whose recovery key they have" : ""}.
          </p>
          {confirmed ? (
            <ButtonForm {...sender} step="stop">
              Stop it
            </ButtonForm>
          ) : null}
        </div>
      )}
      {confirmed ? (
        <Form {...sender} step="offer">
          <Field name="handle" label="Handle of the new owner" value={wanted} problem={problem} />
          <Submit weight="grave">Offer it to them</Submit>
        </Form>
      ) : null}
      <section>
        <h2>What goes with it</h2>
        <p class="lead">
          The roles are this host’s alone. Give the new owner as well: the Cloudflare account that it runs in,
          the domain, the key of the mail service, and the key with which the Worker is deployed. If you
          cannot sign in any more, they can take over with your recovery key, on their account page; the
          owners are told, and have three days to stop it.
        </p>
      </section>
    </DeskPage>
  );
};
