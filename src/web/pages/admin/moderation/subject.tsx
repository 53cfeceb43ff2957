/** The page of one subject of reports: what it is, who reported it, and what to do about it. */
import type { FC } from "hono/jsx";
import type { SubjectFacts } from "../../../admin/moderation/report-reads.ts";
import { profileIn } from "../../../admin/names.ts";
import { ButtonForm } from "../../form.tsx";
import { Person, day } from "../../parts.tsx";
import { DeskPage } from "../desk-page.tsx";
import { KEYS_SCRIPT, Keys } from "./keys.tsx";
import { Log, Reports, Standing } from "../lines.tsx";
import { subjectPath } from "../paths.ts";
import { DecidedNotice, undoKey } from "./queue.tsx";
import { Decisions, type SubjectProps } from "./decisions.tsx";
import { Newest, Thread, Veil } from "./thread.tsx";

export const SubjectPage: FC<SubjectProps> = (props) => {
  const { about, facts, decided, mayAct, to } = props;
  const { author } = facts;
  const whose = author === null ? "somebody elsewhere" : `@${author.handle}`;
  const open = facts.reports.filter(({ state }) => state === "open");
  return (
    <DeskPage
      {...props}
      title={`${about.uri === null ? "Account" : "Post"} of ${whose}`}
      back={{ path: "/admin/reports", label: "Reports" }}
      scripts={[KEYS_SCRIPT]}
    >
      <DecidedNotice {...props} />
      <Author {...props} />
      <Thread {...props} />
      <Reports {...props} title="Who reported it" reports={facts.reports} none="Nobody reported it." />
      {open.length > 0 ? <Care {...props} open={open} /> : null}
      {mayAct ? <Decisions {...props} /> : <p class="lead">You may not decide about this account.</p>}
      <div class="pair">
        <Reports {...props} title="Other reports about them" reports={facts.others} none="There are none." />
        <Newest {...props} />
      </div>
      <Log {...props} title="What was decided about them" lines={facts.log} />
      {facts.next === null ? null : (
        <p class="lead">
          <a href={to(subjectPath(facts.next))} data-key="n">
            To the next one
          </a>
        </p>
      )}
      <Keys keys={[...ALL_KEYS, ...undoKey(decided)]} />
    </DeskPage>
  );
};

const ALL_KEYS = [
  ["d", "dismiss the reports"],
  ["l", "choose a label"],
  ["m", "mark it with that label"],
  ["t", "take it down, or hide it"],
  ["s", "suspend the account, or hide it"],
  ["r", "restore it"],
  ["w", "write to the member"],
  ["o", "write a note for the log"],
  ["y", "tell who reported it, or not"],
  ["a", "take care of it"],
  ["e", "pass it on to the owners"],
  ["p", "show the pictures"],
  ["n", "go on to the next one"],
] as const;

const Author: FC<SubjectProps> = ({ about, facts, posts, to }) => {
  const { author, labels } = facts;
  const profile = profileIn(posts.names, about.did);
  return (
    <div class="card">
      {author === null ? (
        <p>
          <code>{about.did}</code>, on another host. You decide only about what this host shows.{" "}
          {facts.takedown === null || about.uri !== null ? null : <span class="tag bad">Hidden here</span>}
        </p>
      ) : (
        <>
          <a href={to(`/admin/members/${author.did}`)}>
            <Person member={author} profile={{ ...profile, picture: null }} />
          </a>
          {profile.picture === null ? null : (
            <Veil path={profile.picture} alt="" what="their picture" hotkey={about.uri === null} />
          )}
          <p class="hint">
            <Standing member={author} />
            Came on {day(author.createdAt)}
          </p>
        </>
      )}
      {labels.length === 0 ? null : (
        <p class="hint">
          Labels:{" "}
          {labels.map(({ val, uri }) => (
            <>
              <span class="tag">{val}</span>
              {uri.startsWith("did:") ? " on the account " : " "}
            </>
          ))}
        </p>
      )}
    </div>
  );
};

/** Says who takes care of the open reports. */
const Care: FC<SubjectProps & { open: SubjectFacts["reports"] }> = ({ open, member, sender }) => {
  const taken = open.find(({ assignedTo }) => assignedTo !== null);
  const assigned = taken?.assignedTo ?? null;
  const isMine = assigned === member.did;
  const escalated = open.some(({ escalatedBy }) => escalatedBy !== null);
  return (
    <>
      {assigned === null || isMine ? null : (
        <p class="lead">{taken?.assignee ? `@${taken.assignee}` : "Somebody"} takes care of it.</p>
      )}
      <div class="inline">
        <ButtonForm
          {...sender}
          step={isMine ? "leave" : "take"}
          carried={{ from: assigned ?? "" }}
          hotkey="a"
        >
          {isMine ? "Leave it to others" : assigned === null ? "I take care of it" : "Take it over"}
        </ButtonForm>
        <ButtonForm {...sender} step={escalated ? "hand-back" : "escalate"} hotkey="e">
          {escalated ? "Hand it back to the moderators" : "Pass it on to the owners"}
        </ButtonForm>
      </div>
    </>
  );
};
