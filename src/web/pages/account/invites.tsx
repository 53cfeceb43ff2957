/** The page of a member's invites. */
import type { FC } from "hono/jsx";
import { COPY_SCRIPT, Copy } from "../copy.tsx";
import { ButtonForm, type Sender } from "../form.tsx";
import { day } from "../parts.tsx";
import { counted, listed } from "../words.ts";
import { Ending } from "./rows.tsx";
import { type AccountFrame, TaskPage } from "./task-page.tsx";

export interface InviteView {
  code: string;
  link: string;
  /** Whether somebody can still join with it. */
  open: boolean;
  /** Uses left. */
  left: number;
  /** Whether the member made it, and may withdraw it. */
  own: boolean;
  /** The handle is null if the account is gone. */
  users: { handle: string | null; at: string }[];
}

interface InvitesProps extends AccountFrame {
  /** How many more the member may make; null if none are given out. */
  left: number | null;
  invites: InviteView[];
}

export const InvitesPage: FC<InvitesProps> = ({ left, invites, ...frame }) => (
  <TaskPage {...frame} title="Invites" lead={leadOf(left, frame.host.name)} scripts={[COPY_SCRIPT]}>
    {left === null || left === 0 ? null : (
      <ButtonForm {...frame.sender} step="create" weight="second">
        Make an invite link
      </ButtonForm>
    )}
    {invites.map((invite) => (
      <Invite sender={frame.sender} invite={invite} />
    ))}
  </TaskPage>
);

function leadOf(left: number | null, name: string): string {
  if (left === null) return `${name} has no invites to give out at the moment.`;
  if (left === 0) return "You have no invites left to make. Whoever comes by one of yours is listed here.";
  return `You can bring people to ${name}: ${counted(left, "invite").toLowerCase()} left. Each lets one person in.`;
}

const Invite: FC<{ sender: Sender; invite: InviteView }> = ({ sender, invite }) => {
  const { code, link, open, left, own, users } = invite;
  return (
    <div class="card">
      {open ? (
        <>
          <p class="address">
            <code>{link}</code>
          </p>
          <div class="inline">
            <Copy text={link} what="the invite’s link" />
            {own ? (
              <Ending {...sender} carried={{ code }} step="withdraw" does="Withdraw" whom="the invite" />
            ) : null}
          </div>
        </>
      ) : null}
      <p class="hint">
        {users.length === 0
          ? open
            ? left === 1
              ? "Nobody used it yet."
              : `Nobody used it yet; it lets ${left} people in.`
            : "Switched off by the moderators."
          : `Used by ${listed(users.map(({ handle, at }) => `${handle === null ? "somebody who left" : `@${handle}`} on ${day(at)}`))}.`}
      </p>
    </div>
  );
};
