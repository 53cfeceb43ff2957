/** The pages of invites. */
import { raw } from "hono/html";
import type { FC } from "hono/jsx";
import { COUNTED, type InviteLine, type Newcomer } from "../../admin/invite-reads.ts";
import type { Fields } from "../../forms.ts";
import { COPY_SCRIPT, Copy } from "../copy.tsx";
import { Field } from "../fields.tsx";
import { Select, TextArea } from "../labelled.tsx";
import { ButtonForm, Form, Submit } from "../form.tsx";
import { Icon } from "../icons.tsx";
import { day } from "../parts.tsx";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";
import { Came } from "./came.tsx";
import { ownerOf, standing } from "./invite-words.ts";
import { More } from "./lines.tsx";

interface InvitesProps extends DeskFrame {
  invites: InviteLine[];
  /** Where the next page begins; null on the last one. */
  after: string | null;
  mayMake: boolean;
  wanted?: Fields | undefined;
}

export const InvitesPage: FC<InvitesProps> = ({ invites, after, mayMake, wanted, ...frame }) => {
  const { to, host } = frame;
  return (
    <DeskPage
      {...frame}
      title="Invites"
      lead={
        host.registration === "invite"
          ? "People join by a link."
          : host.registration === "approval"
            ? "Who has an invite need not ask."
            : "Invites count once people need one to join."
      }
    >
      {mayMake ? <MakeInvites {...frame} wanted={wanted} /> : null}
      <section>
        <h2>Invites that were made</h2>
        {invites.length === 0 ? <p class="lead">None yet.</p> : null}
        <div class="rows">
          {invites.map((invite) => (
            <a href={to(`/admin/invites/${invite.code}`)}>
              <span class="words">
                <code>{invite.code}</code>
                <br />
                <span class="at">
                  {ownerOf(invite)}, {day(invite.createdAt)}
                </span>
              </span>
              <span class="tag">{standing(invite, COUNTED)}</span>
              <span class="arrow">
                <Icon name="arrow" />
              </span>
            </a>
          ))}
        </div>
        <More {...frame} query={after === null ? null : { after }}>
          Older invites
        </More>
      </section>
    </DeskPage>
  );
};

/** For how many days an invite lasts. */
const LASTS = [
  ["", "For ever"],
  ["1", "For a day"],
  ["7", "For a week"],
  ["30", "For a month"],
] as const;

const MakeInvites: FC<Pick<InvitesProps, "sender" | "problem" | "wanted">> = ({
  sender,
  problem,
  wanted,
}) => (
  <div class="acts">
    <details open>
      <summary>Make an invite</summary>
      <Form {...sender} step="create">
        <Field
          name="uses"
          label="For how many people"
          value={wanted?.get("uses") ?? "1"}
          inputmode="numeric"
          maxlength={4}
          problem={problem}
        />
        <Select name="days" label="Until when" options={LASTS} chosen={wanted?.get("days")} />
        <Submit>Make a link</Submit>
      </Form>
    </details>
    <details>
      <summary>Invite people by mail</summary>
      <Form {...sender} step="send">
        <TextArea
          name="addresses"
          label="Their e-mail addresses"
          hint="One on each line, twenty at most. Each gets a link for one person."
          value={wanted?.get("addresses")}
        />
        <Submit weight="second">Send the invites</Submit>
      </Form>
    </details>
  </div>
);

interface InviteProps extends DeskFrame {
  invite: InviteLine;
  came: Newcomer[];
  /** Where the next page of them begins; null on the last one. */
  after: string | null;
  link: string;
  /** SVG */
  picture: string;
  mayStop: boolean;
}

export const InvitePage: FC<InviteProps> = ({ invite, came, after, link, picture, mayStop, ...frame }) => {
  const { to, sender } = frame;
  const { owner, expiresAt, disabled } = invite;
  return (
    <DeskPage
      {...frame}
      title="Invite"
      back={{ path: "/admin/invites", label: "Invites" }}
      scripts={[COPY_SCRIPT]}
    >
      <p class="lead">
        {ownerOf(invite)}, {day(invite.createdAt)}: {standing(invite)}
        {expiresAt === null ? "" : `, until ${day(expiresAt)}`}.
      </p>
      {disabled === 1 ? null : (
        <>
          <div class="qr" role="img" aria-label="The link, as a code to scan">
            {raw(picture)}
          </div>
          <p class="address">
            <code>{link}</code>
          </p>
          <div class="inline">
            <Copy text={link} what="the link" />
            {mayStop ? (
              <ButtonForm {...sender} step="stop">
                Stop this invite
              </ButtonForm>
            ) : null}
          </div>
        </>
      )}
      <section>
        <h2>Who came by it</h2>
        {came.length === 0 ? <p class="lead">Nobody yet.</p> : null}
        <ul class="log">
          {came.map(({ did, handle, usedAt }) => (
            <li>
              <Came {...frame} did={did} handle={handle} /> <span class="at">{day(usedAt)}</span>
            </li>
          ))}
        </ul>
        <More {...frame} query={after === null ? null : { after }}>
          Who came before
        </More>
        {owner === "admin" ? null : (
          <p class="lead">
            <a href={to(`/admin/invites/${owner}`)}>Who came by whom</a>
          </p>
        )}
      </section>
    </DeskPage>
  );
};
