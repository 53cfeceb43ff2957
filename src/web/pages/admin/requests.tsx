/** The pages of requests to join. */
import type { FC } from "hono/jsx";
import { WORD_MAX } from "../../../moderation/join-decisions.ts";
import type { JoinRequest } from "../../../moderation/join-requests.ts";
import { Form } from "../form.tsx";
import { TextArea } from "../labelled.tsx";
import { day } from "../parts.tsx";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";
import { More } from "./lines.tsx";
import { ChooseAct } from "./several.tsx";

export const OUTCOMES = [
  ["approve", "Let in"],
  ["refuse", "Refuse"],
] as const;

export type Outcome = (typeof OUTCOMES)[number][0];

export const STATES: readonly [JoinRequest["state"], label: string, none: string][] = [
  ["waiting", "Waiting", "Nobody waits."],
  ["approved", "Let in, not here yet", "Nobody."],
  ["refused", "Refused", "Nobody in the last month."],
  ["joined", "Came", "Nobody came by asking yet."],
];

const FORM = "several";

interface RequestsProps extends DeskFrame {
  state: JoinRequest["state"];
  requests: JoinRequest[];
  /** Where the next page begins; null on the last one. */
  after: number | null;
}

export const RequestsPage: FC<RequestsProps> = ({ state, requests, after, ...frame }) => {
  const { to, here } = frame;
  return (
    <DeskPage
      {...frame}
      title="Requests to join"
      lead="Who asks, and why. Whoever is let in gets a link for one person, and their name is kept for them."
    >
      <nav class="filters" aria-label="Which requests">
        {STATES.map(([name, label]) => (
          <a
            href={to(here, name === "waiting" ? {} : { show: name })}
            aria-current={name === state ? "page" : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      {requests.length === 0 ? <p class="lead">{STATES.find(([name]) => name === state)?.[2]}</p> : null}
      {requests.map((request) => (
        <Request {...frame} request={request} several={state === "waiting" && requests.length > 1} />
      ))}
      {state === "waiting" && requests.length > 1 ? <Several {...frame} /> : null}
      <More {...frame} query={after === null ? null : { show: state, after: String(after) }}>
        More requests
      </More>
    </DeskPage>
  );
};

const Request: FC<DeskFrame & { request: JoinRequest; several: boolean }> = ({
  request,
  several,
  sender,
  to,
  host,
}) => {
  const { id, handle, email, reason, state, askedAt, decidedAt, word, code, did } = request;
  return (
    <article class="card" aria-labelledby={`request-${id}`}>
      <div class="inline">
        {several ? (
          <input type="checkbox" name={String(id)} value="yes" form={FORM} aria-label={`Choose @${handle}`} />
        ) : null}
        <h2 id={`request-${id}`}>
          {did === null ? `@${handle}` : <a href={to(`/admin/members/${did}`)}>@{handle}</a>}
        </h2>
      </div>
      <p class="hint">
        {email === null ? null : <>{email}, </>}asked on {day(askedAt)}
        {decidedAt === null ? null : <>, decided on {day(decidedAt)}</>}
      </p>
      <p class="told">{reason}</p>
      {word === null ? null : <p class="hint">They were told: {word}</p>}
      {code === null || state !== "approved" ? null : (
        <p class="hint">
          Their link, should they miss it: <code>{`${host.origin}/join/${code}`}</code>
        </p>
      )}
      {state === "joined" ? null : (
        <Form {...sender} step="decide" carried={{ [id]: "yes" }}>
          <details>
            <summary>Say something with it</summary>
            <TextArea
              id={`word-${id}`}
              name="word"
              label="What they are told with it"
              optional
              maxlength={WORD_MAX}
              rows={3}
            />
          </details>
          <div class="inline">
            {OUTCOMES.filter(([name]) => name !== DONE[state]).map(([name, label]) => (
              <button
                class={name === "approve" ? "first" : "second"}
                type="submit"
                name="outcome"
                value={name}
              >
                {label}
                <span class="visually-hidden"> @{handle}</span>
              </button>
            ))}
          </div>
        </Form>
      )}
    </article>
  );
};

/** The outcome that a request has already, which need not be offered. */
const DONE: Readonly<Partial<Record<JoinRequest["state"], Outcome>>> = {
  approved: "approve",
  refused: "refuse",
};

const Several: FC<DeskFrame> = ({ sender }) => (
  <Form {...sender} id={FORM} step="preview">
    <ChooseAct name="outcome" acts={OUTCOMES} />
  </Form>
);
