/** The page where somebody who asked to join sees how it stands. */
import type { FC } from "hono/jsx";
import type { JoinRequest } from "../../../moderation/join-requests.ts";
import type { Problem } from "../../problems.ts";
import type { Frame } from "../../visit.ts";
import { COPY_SCRIPT, Copy } from "../copy.tsx";
import { ButtonForm, type Sender } from "../form.tsx";
import { Layout } from "../layout.tsx";
import { ProblemNotice, day } from "../parts.tsx";

export const REQUEST_PATH = "/account/request";

interface RequestProps extends Frame {
  request: JoinRequest;
  sender: Sender;
  /** The page's whole address, with the key. */
  address: string;
  /** Whether the host can send mail. */
  mails: boolean;
  problem?: Problem | undefined;
}

const TITLES: Record<JoinRequest["state"], string> = {
  waiting: "Your request is waiting",
  approved: "You are welcome",
  refused: "Not this time",
  joined: "You have joined",
};

export const RequestPage: FC<RequestProps> = (props) => {
  const { host, nonce, request, problem } = props;
  const title = TITLES[request.state];
  return (
    <Layout host={host} nonce={nonce} title={title} scripts={[COPY_SCRIPT]}>
      <h1>{title}</h1>
      <ProblemNotice problem={problem} />
      <Standing {...props} />
      {request.state === "joined" ? null : (
        <section>
          <h2>What you asked</h2>
          <p>
            To join {host.name} as <strong>@{request.handle}</strong>, on {day(request.askedAt)}.
          </p>
          <p class="told">{request.reason}</p>
        </section>
      )}
    </Layout>
  );
};

const Standing: FC<RequestProps> = (props) => {
  const { host, request } = props;
  const { state, word, code, endsAt } = request;
  switch (state) {
    case "waiting":
      return <Waiting {...props} />;
    case "approved":
      return (
        <>
          <p class="lead">
            {host.name} lets you in. Your name is kept for you until {day(endsAt ?? "")}.
          </p>
          <Word word={word} />
          <div class="buttons start">
            <a class="button first" href={`/join/${code ?? ""}`}>
              Create your account
            </a>
          </div>
          <p class="hint ends">
            You move here with an account that you have? Then its app asks for an invite code:{" "}
            <code>{code}</code>
          </p>
        </>
      );
    case "refused":
      return (
        <>
          <p class="lead">The people of {host.name} decided not to take you in at the moment.</p>
          <Word word={word} />
        </>
      );
    case "joined":
      return (
        <>
          <p class="lead">Your account is there. Welcome to {host.name}!</p>
          <div class="buttons start">
            <a class="button first" href="/account">
              Go to your account
            </a>
          </div>
        </>
      );
  }
};

const Waiting: FC<RequestProps> = ({ host, request, sender, address, mails }) => (
  <>
    <p class="lead">
      The people who run {host.name} will read it. If nobody answers until {day(request.endsAt ?? "")}, it
      ends, and you can ask again.
    </p>
    <p>
      {mails ? "The answer comes by mail, and stands on this page." : "The answer will stand on this page."}{" "}
      This browser finds it again; for others, keep its address.
    </p>
    <p class="address">
      <code>{address}</code>
    </p>
    <div class="inline">
      <Copy text={address} what="the address" />
      <ButtonForm {...sender} step="withdraw">
        Take it back
      </ButtonForm>
    </div>
  </>
);

const Word: FC<{ word: string | null }> = ({ word }) => (word === null ? null : <p class="told">{word}</p>);
