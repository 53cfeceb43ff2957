/** The host's own pages: landing page, status, and the page for what does not exist. */
import type { Status } from "../../lifecycle/status.ts";
import { EndPage } from "../pages/end.tsx";
import { LandingPage } from "../pages/host.tsx";
import { StatusPage } from "../pages/status.tsx";
import { page } from "../replies.tsx";
import type { Frame } from "../visit.ts";
import { statusView } from "./status-words.ts";

/** Other clients get another answer at the same address, so `vary` makes caches tell them apart. */
const byAccept = () => new Headers({ vary: "accept" });

export const landing = (frame: Frame): Response =>
  page(<LandingPage {...frame} />, frame, { headers: byAccept() });

export const statusPage = (frame: Frame, status: Status): Response =>
  page(<StatusPage {...frame} status={statusView(status)} />, frame, { headers: byAccept() });

export const notFound = (frame: Frame): Response =>
  page(<EndPage {...frame} title="Nothing here" message="There is no such page." />, frame, {
    headers: byAccept(),
    status: 404,
  });
