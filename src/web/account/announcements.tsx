/** Announcements by mail, on or off: by the link of such a mail, without a sign-in, or on the account page. */
import type { Did } from "@atcute/lexicons";
import { Announcements } from "../../lifecycle/announcements/announcements.ts";
import { isQuietKey } from "../../lifecycle/announcements/send.ts";
import { isDid } from "../../protocol/syntax.ts";
import type { Fields } from "../forms.ts";
import { AnnouncementsPage } from "../pages/account/announcements.tsx";
import { pathWith, render } from "../replies.tsx";
import type { Route } from "../route.ts";
import type { Visit } from "../visit.ts";
import { memberVisit, within } from "./member-visit.ts";

const PATH = "/account/announcements";

/** The member of a visit, and the path of its form. */
async function whose(visit: Visit): Promise<{ did: Did; action: string } | Response> {
  const { searchParams } = visit.url;
  const [did, key] = [searchParams.get("did") ?? "", searchParams.get("key") ?? ""];
  if (isDid(did) && (await isQuietKey(visit.services.env, did, key)))
    return { did, action: pathWith(PATH, { did, key }) };
  const own = await memberVisit(visit);
  return own instanceof Response ? own : { did: own.member.did, action: within(own, PATH) };
}

async function serve(visit: Visit, fields: Fields | null): Promise<Response> {
  const reader = await whose(visit);
  if (reader instanceof Response) return reader;
  const { did, action } = reader;
  const announcements = new Announcements(visit.services.env.DIRECTORY);
  if (fields !== null) await announcements.setQuiet(did, fields.get("step") === "off");
  const isQuiet = await announcements.isQuiet(did);
  const sender = { action, csrf: visit.browser.csrf };
  return render(
    visit,
    <AnnouncementsPage {...visit.frame} sender={sender} isQuiet={isQuiet} isSaved={fields !== null} />,
  );
}

export const announcements: Route = {
  show: (visit) => serve(visit, null),
  take: serve,
};
