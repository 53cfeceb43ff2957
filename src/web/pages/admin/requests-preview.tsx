/** A decision on several requests to join: the preview. */
import type { FC } from "hono/jsx";
import { WORD_MAX } from "../../../moderation/join-decisions.ts";
import type { JoinRequest } from "../../../moderation/join-requests.ts";
import { TextArea, labelOf } from "../labelled.tsx";
import type { DeskFrame } from "./desk-page.tsx";
import { OUTCOMES, type Outcome } from "./requests.tsx";
import { PreviewPage } from "./several.tsx";

const SENTENCES: Record<Outcome, string> = {
  approve: "Each of them gets a link, with which they make their account.",
  refuse: "Their names are free again. Each of them is told.",
};

interface DecisionProps extends DeskFrame {
  outcome: Outcome;
  requests: JoinRequest[];
}

export const DecisionPage: FC<DecisionProps> = ({ outcome, requests, ...frame }) => (
  <PreviewPage
    {...frame}
    title={requests.length === 1 ? "One request" : `${requests.length} requests`}
    lead={SENTENCES[outcome]}
    back={{ path: "/admin/requests", label: "Requests, and change nothing" }}
    step="decide"
    act={{
      name: "outcome",
      value: outcome,
      label: labelOf(OUTCOMES, outcome),
      isGrave: outcome === "refuse",
    }}
    chosen={requests.map(({ id, handle, reason }) => ({
      name: String(id),
      line: (
        <>
          @{handle}{" "}
          <span class="at">{reason.length > 160 ? `${reason.slice(0, 160).toWellFormed()}…` : reason}</span>
        </>
      ),
    }))}
  >
    <TextArea name="word" label="What they are told with it" optional maxlength={WORD_MAX} />
  </PreviewPage>
);
