/** The acts of a moderator, or an owner, on a member. */
import type { FC, PropsWithChildren } from "hono/jsx";
import { EmailField, Field } from "../../fields.tsx";
import { ButtonForm, Form, Submit } from "../../form.tsx";
import { Select } from "../../labelled.tsx";
import type { MemberProps } from "./frame.ts";

export const ModeratorActs: FC<MemberProps> = ({ facts, sender }) => {
  const { takedown, invitesDisabled } = facts.member;
  return (
    <>
      <div class="inline">
        {takedown === null ? null : (
          <ButtonForm {...sender} step="restore">
            Restore the account
          </ButtonForm>
        )}
        <ButtonForm {...sender} step={invitesDisabled ? "invites-on" : "invites-off"}>
          {invitesDisabled ? "Allow invites again" : "Stop their invites"}
        </ButtonForm>
        <ButtonForm {...sender} step="end-sessions">
          Sign them out everywhere
        </ButtonForm>
      </div>
      {takedown === null ? (
        <>
          <Act summary="Suspend">
            <p class="hint">Nobody sees the account, and it can do nothing, until you restore it.</p>
            <Form {...sender} step="suspend">
              <Field name="reason" label="Why, for the log" optional maxlength={150} />
              <Submit weight="grave">Suspend</Submit>
            </Form>
          </Act>
          <Act summary="Take down">
            <p class="hint">As a suspension, but meant to last. You can still restore it.</p>
            <Form {...sender} step="take-down">
              <Field id="takedown-reason" name="reason" label="Why, for the log" optional maxlength={150} />
              <Submit weight="grave">Take down</Submit>
            </Form>
          </Act>
        </>
      ) : null}
    </>
  );
};

const Act: FC<PropsWithChildren<{ summary: string; open?: boolean }>> = ({ summary, open, children }) => (
  <details open={open}>
    <summary>{summary}</summary>
    {children}
  </details>
);

export const OwnerActs: FC<MemberProps> = (props) => {
  const { facts, sender, confirmed, to, here, member: reader, problem, wanted } = props;
  if (!confirmed)
    return (
      <p class="lead">
        <a href={to("/account/sign-in", { to: here, again: reader.handle })}>Sign in once more</a> to make a
        reset link, to change the handle, the e-mail address or the role, or to delete the account.
      </p>
    );
  const isWrong = (field: string) => problem?.field === field;
  return (
    <>
      <Act summary="They lost their password">
        <p class="hint">Makes a link with which they choose another one, without any mail.</p>
        <ButtonForm {...sender} step="reset-link">
          Make a reset link
        </ButtonForm>
      </Act>
      <Act summary="Somebody else had their account">
        <p class="hint">
          Removes passkeys and app passwords, and signs them out everywhere. Then make a reset link.
        </p>
        <ButtonForm {...sender} step="revoke-credentials">
          Lock everybody out
        </ButtonForm>
      </Act>
      <Act summary="Change the handle" open={isWrong("handle")}>
        <Form {...sender} step="handle">
          <Field
            name="handle"
            label="New handle"
            value={wanted?.get("handle") ?? facts.member.handle}
            problem={problem}
            maxlength={253}
          />
          <Submit weight="second">Change handle</Submit>
        </Form>
      </Act>
      <Act summary="Change the e-mail address" open={isWrong("email")}>
        <Form {...sender} step="email">
          <EmailField
            label="New address"
            value={wanted?.get("email") ?? facts.member.email ?? ""}
            problem={problem}
          />
          <Submit weight="second">Change address</Submit>
        </Form>
      </Act>
      <RoleAct {...props} />
      <DeleteAct {...props} />
    </>
  );
};

/** For how many days an archive is kept. */
const KEPT_DAYS = [
  ["30", "Keep it for 30 days"],
  ["7", "Keep it for 7 days"],
  ["90", "Keep it for 90 days"],
  ["0", "Keep nothing"],
] as const;

const DeleteAct: FC<MemberProps> = ({ facts, sender, problem, wanted }) => (
  <Act summary="Delete the account" open={problem?.field === "confirm"}>
    <p class="hint">
      Nobody sees their posts and pictures any more, and the handle is free. While an archive is kept, owners
      can bring all of it back. Without one, nothing does.
    </p>
    <Form {...sender} step="delete">
      <Select name="days" label="An archive" options={KEPT_DAYS} chosen={wanted?.get("days")} />
      <Field
        name="confirm"
        label={`Type ${facts.member.handle} to delete it`}
        autocomplete="off"
        problem={problem}
        maxlength={253}
      />
      <Submit weight="grave">Delete</Submit>
    </Form>
  </Act>
);

const ROLES = [
  ["none", "No role"],
  ["inviter", "Inviter: makes invites"],
  ["moderator", "Moderator: looks after members and reports"],
  ["owner", "Owner: may do everything"],
] as const;

const RoleAct: FC<MemberProps> = ({ facts, sender }) => (
  <Act summary="Give or take a role">
    <Form {...sender} step="role">
      <Select name="role" label="Role" options={ROLES} chosen={facts.role ?? "none"} />
      <Submit weight="second">Set the role</Submit>
    </Form>
  </Act>
);
