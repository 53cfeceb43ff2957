/** A decision on several requests to join: the preview. */
import type { FC } from "hono/jsx";
import { WORD_MAX } from "../../../moderation/join-decisions.ts";
import type { JoinRequest } from "../../../moderation/join-requests.ts";
import { TextArea } from "../text-area.tsx";
import { Form, Submit } from "../form.tsx";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";
import { OUTCOMES, type Outcome } from "./requests.tsx";

const SENTENCES: Record<Outcome, string> = {
  approve: "Each of them gets a link, with which they make their account.",
  refuse: "Their names are free again. Each of them is told.",
};

export const PreviewPage: FC<DeskFrame & { outcome: Outcome; requests: JoinRequest[] }> = ({
  outcome,
  requests,
  ...frame
}) => (
  <DeskPage
    {...frame}
    title={requests.length === 1 ? "One request" : `${requests.length} requests`}
    lead={SENTENCES[outcome]}
    back={{ path: "/admin/requests", label: "Requests, and change nothing" }}
  >
    <Form
      {...frame.sender}
      step="decide"
      carried={{ outcome, ...Object.fromEntries(requests.map(({ id }) => [id, "yes"])) }}
    >
      <ul class="log">
        {requests.map(({ handle, reason }) => (
          <li>
            @{handle}{" "}
            <span class="at">{reason.length > 160 ? `${reason.slice(0, 160).toWellFormed()}…` : reason}</span>
          </li>
        ))}
      </ul>
      <TextArea name="word" label="What they are told with it" optional maxlength={WORD_MAX} />
      <Submit weight={outcome === "refuse" ? "grave" : "first"}>
        {OUTCOMES.find(([name]) => name === outcome)?.[1]}
      </Submit>
    </Form>
  </DeskPage>
);
