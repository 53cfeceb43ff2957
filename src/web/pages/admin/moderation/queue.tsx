/** The page of open reports. */
import type { FC } from "hono/jsx";
import { type Decided, canUndo, wordsOf } from "../../../admin/moderation/decided.ts";
import { contentOf } from "../../../admin/moderation/post-view.ts";
import type { Queue, ReportGroup } from "../../../admin/moderation/queue-reads.ts";
import { ButtonForm } from "../../form.tsx";
import { Icon } from "../../icons.tsx";
import { day } from "../../parts.tsx";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";
import { KEYS_SCRIPT, Keys } from "./keys.tsx";
import { reasonWords } from "../lines.tsx";
import { subjectPath } from "../paths.ts";

interface QueueProps extends DeskFrame {
  queue: Queue;
  decided: Decided | null;
}

export const QueuePage: FC<QueueProps> = (props) => {
  const { queue, decided, to } = props;
  const { groups } = queue;
  return (
    <DeskPage
      {...props}
      title="Reports"
      scripts={[KEYS_SCRIPT]}
      lead={groups.length === 0 ? "Nothing waits. Well done." : "What was reported most waits on top."}
    >
      <DecidedNotice {...props} decided={decided} />
      {groups.length === 0 ? null : (
        <div class="rows queue">
          {groups.map((group) => (
            <Group
              href={to(subjectPath(group.subject))}
              group={group}
              post={queue.posts.get(group.subject)}
            />
          ))}
        </div>
      )}
      <Keys
        keys={[["j", "the next one"], ["k", "the one before"], ["Enter", "open it"], ...undoKey(decided)]}
      />
    </DeskPage>
  );
};

export const undoKey = (decided: Decided | null): [string, string][] =>
  decided !== null && canUndo(decided) ? [["u", "undo"]] : [];

/** The decision of just now, and the way back. */
export const DecidedNotice: FC<DeskFrame & { decided: Decided | null }> = ({
  decided,
  sender,
  to,
  done,
  problem,
}) =>
  decided === null || done || problem ? null : (
    <div class="notice good" role="status">
      <Icon name="check" />
      <div class="inline">
        <p>{wordsOf(decided)}</p>
        {canUndo(decided) ? (
          <ButtonForm
            action={to(subjectPath(decided.subject))}
            csrf={sender.csrf}
            step="undo"
            carried={{ how: decided.how, at: decided.at, value: decided.value ?? "" }}
            hotkey="u"
          >
            Undo
          </ButtonForm>
        ) : null}
      </div>
    </div>
  );

const Group: FC<{
  href: string;
  group: ReportGroup;
  post: Queue["posts"] extends ReadonlyMap<string, infer Post> ? Post | undefined : never;
}> = ({ href, group, post }) => {
  const { subject, handle, count, reasons, since, assignedTo, escalated, isAppeal } = group;
  const kind = subject.startsWith("did:") ? "Account" : post === undefined ? "Record" : "Post";
  return (
    <a href={href} data-item>
      <span class="words">
        <b>
          {kind} of {handle === null ? "somebody elsewhere" : `@${handle}`}
        </b>
        <span class="tag">{count === 1 ? "1 report" : `${count} reports`}</span>
        {isAppeal ? <span class="tag bad">appeal</span> : null}
        {escalated ? <span class="tag bad">for owners</span> : null}
        {assignedTo === null ? null : <span class="tag">@{assignedTo}</span>}
        <br />
        {post === undefined ? null : (
          <span class="excerpt">{contentOf(post.record, post.did).text.slice(0, 160)}</span>
        )}
        <span class="at">
          {reasons.map(reasonWords).join(", ")} · since {day(since)}
        </span>
      </span>
      <span class="arrow">
        <Icon name="arrow" />
      </span>
    </a>
  );
};
