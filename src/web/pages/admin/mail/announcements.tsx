/** The page of announcements. */
import type { FC } from "hono/jsx";
import type { Announcement } from "../../../../lifecycle/announcements/announcements.ts";
import type { Fields } from "../../../forms.ts";
import { Field } from "../../fields.tsx";
import { TextArea } from "../../labelled.tsx";
import { ButtonForm, Form, Submit } from "../../form.tsx";
import { day } from "../../parts.tsx";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";
import { More } from "../lines.tsx";

interface AnnouncementsProps extends DeskFrame {
  list: Announcement[];
  /** The number of the one before which the next page begins; null on the last one. */
  older: number | null;
  /** Whether the host makes members' notifications itself. */
  hasIndex: boolean;
  wanted?: Fields | undefined;
}

export const AnnouncementsPage: FC<AnnouncementsProps> = ({ list, older, hasIndex, wanted, ...frame }) => {
  const { to, here, member, confirmed, sender } = frame;
  return (
    <DeskPage
      {...frame}
      title="Announcements"
      lead="What everybody here should know. Seldom is best."
      back={{ path: "/admin/mail", label: "Mail" }}
    >
      {confirmed ? null : (
        <p class="lead">
          <a href={to("/account/sign-in", { to: here, again: member.handle })}>Sign in once more</a> to write
          to all members.
        </p>
      )}
      {confirmed ? <Write {...frame} hasIndex={hasIndex} wanted={wanted} /> : null}
      <section>
        <h2>Earlier ones</h2>
        {list.length === 0 ? <p class="lead">None yet.</p> : null}
        {list.map((each) => (
          <Earlier each={each} sender={sender} />
        ))}
        <More {...frame} query={older === null ? null : { before: String(older) }}>
          Older ones
        </More>
      </section>
    </DeskPage>
  );
};

const Write: FC<Omit<AnnouncementsProps, "list" | "older">> = ({
  hasIndex,
  wanted,
  member,
  sender,
  problem,
}) => (
  <div class="acts">
    {hasIndex ? (
      <details open={wanted === undefined || wanted.get("step") === "notify"}>
        <summary>In their notifications</summary>
        <Form {...sender} step="notify">
          <TextArea
            name="post"
            label="What you post"
            hint={`A post by @${member.handle}, for all to see. Every member finds it among their notifications, in any app, unless they mute you.`}
            value={wanted?.get("post")}
            maxlength={1200}
            problem={problem}
          />
          <Submit>Post it to all</Submit>
        </Form>
      </details>
    ) : null}
    <details open={wanted?.get("step") === "mail" || !hasIndex}>
      <summary>By mail</summary>
      <Form {...sender} step="mail">
        <Field
          name="subject"
          label="Subject"
          value={wanted?.get("subject")}
          maxlength={150}
          problem={problem}
        />
        <TextArea
          name="text"
          label="Text"
          hint="To every member with an address who has not said no. A link to say so stands at its end."
          value={wanted?.get("text")}
          maxlength={4000}
          rows={8}
          problem={problem}
        />
        <Submit>Send it to all</Submit>
      </Form>
    </details>
  </div>
);

const Earlier: FC<{ each: Announcement } & Pick<DeskFrame, "sender">> = ({ each, sender }) => (
  <div class="card">
    <p class="hint">
      {day(each.at)}, {each.uri === null ? "by mail" : "as a post"} <Progress each={each} />
    </p>
    {each.subject === "" ? null : <h3>{each.subject}</h3>}
    <p class="said-so">{each.text}</p>
    {each.after === null ? null : (
      <ButtonForm {...sender} step="stop" carried={{ id: String(each.id) }}>
        Stop it
      </ButtonForm>
    )}
  </div>
);

const Progress: FC<{ each: Announcement }> = ({ each: { uri, after, sent, failed, total, tries } }) =>
  uri === null ? (
    <>
      <span class={after === null ? "tag" : "tag bad"}>
        {sent} of {total} sent{failed === 0 ? "" : `, ${failed} failed`}
        {after === null ? "" : tries === 0 ? ", under way" : ", waits: no mail goes out"}
      </span>
      {after === null ? null : <progress value={sent + failed} max={total} aria-label="How far it is" />}
    </>
  ) : null;
