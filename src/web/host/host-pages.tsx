/** The host's own pages: status, and the page for what does not exist. */
import type { Status } from "../../lifecycle/status.ts";
import { EndPage } from "../pages/end.tsx";
import { StatusPage } from "../pages/status.tsx";
import { page } from "../replies.tsx";
import type { RefusalShape } from "../../protocol/refusal.ts";
import type { Services } from "../../xrpc/server/services.ts";
import { type Frame, frameOf } from "../visit.ts";
import { statusView } from "./status-words.ts";

/** Other clients get another answer at the same address, so `vary` makes caches tell them apart. */
const byAccept = () => new Headers({ vary: "accept" });

export const statusPage = (frame: Frame, status: Status): Response =>
  page(<StatusPage {...frame} status={statusView(status)} />, frame, { headers: byAccept() });

const FRONT = { href: "/", label: "To the front page" };

const FAILURES: Record<number, string> = {
  429: "There were too many requests from your network. Please wait a few minutes.",
  503: "There is a lot to do here just now. Please try again in a moment.",
};

/** The page for an error that no page of its own tells about. */
export function failurePage(services: Services, { status, headers }: RefusalShape): Response {
  const frame = frameOf(services);
  const words = FAILURES[status] ?? "Something went wrong here, not on your side. Please try again.";
  return page(<EndPage {...frame} title="This did not work" message={words} />, frame, {
    headers: new Headers({ ...headers, vary: "accept" }),
    status,
  });
}

export const notFound = (frame: Frame): Response =>
  page(
    <EndPage {...frame} title="Nothing here" message="There is no page at this address." way={FRONT} />,
    frame,
    {
      headers: byAccept(),
      status: 404,
    },
  );
