/** Announcements to all members, in their notifications or by mail. */
import { didNamed } from "../../../appview/reads/queries/graph.ts";
import { canMail } from "../../../identity/mail/mailer.ts";
import { Announcements } from "../../../lifecycle/announcements/announcements.ts";
import { getGraphemeLength } from "../../../protocol/graphemes.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import {
  SUBJECT_MAX,
  TEXT_MAX,
  announceByMail,
  announceByPost,
  stopAnnouncement,
} from "../../../xrpc/admin/announcements.ts";
import { OWNERS } from "../../../xrpc/server/role-policies.ts";
import { LONGEST } from "../../app/acts/compose.ts";
import { facetsOf } from "../../app/acts/facets.ts";
import { type Fields, lineOf } from "../../forms.ts";
import { AnnouncementsPage } from "../../pages/admin/mail/announcements.tsx";
import { wrong } from "../../problems.ts";
import { numberIn } from "../lines.ts";
import { type DeskPage, type DeskVisit, type Said, shown } from "../desk.tsx";

const PAGE = 20;

const textIn = (fields: Fields, name: string) => (fields.get(name) ?? "").replaceAll("\r\n", "\n").trim();

const hasIndex = ({ services }: DeskVisit): boolean => services.env.APPVIEW === "local";

async function notify(visit: DeskVisit, fields: Fields): Promise<Said> {
  const { services, caller } = visit;
  const text = textIn(fields, "post");
  if (!hasIndex(visit))
    return { problem: wrong("Another AppView makes members’ notifications. Write them a mail.") };
  if (text === "" || getGraphemeLength(text) > LONGEST)
    return { problem: wrong(`A post has 1 to ${LONGEST} characters.`, "post"), fields };
  const findDid = async (handle: string) =>
    (await didNamed(services.env.APPVIEW_DB, handle)) ?? services.handles.find(handle).catch(() => null);
  await announceByPost(services, caller, { text, facets: await facetsOf(text, findDid) });
  return { done: "Posted. Every member finds it among their notifications." };
}

async function write(visit: DeskVisit, fields: Fields): Promise<Said> {
  const { services, caller } = visit;
  const [subject, text] = [lineOf(fields, "subject"), textIn(fields, "text")];
  if (!canMail(services.env))
    return { problem: wrong("This host sends no mail. Set a sender in the settings, under Mail."), fields };
  if (subject === "" || subject.length > SUBJECT_MAX)
    return { problem: wrong(`A subject has 1 to ${SUBJECT_MAX} characters.`, "subject"), fields };
  if (text === "" || text.length > TEXT_MAX)
    return { problem: wrong(`A mail has 1 to ${TEXT_MAX} characters.`, "text"), fields };
  try {
    await announceByMail(services, caller, { subject, text });
  } catch (thrown) {
    if (!isRefusal(thrown) || thrown.error !== "InvalidRequest") throw thrown;
    return { problem: wrong("Another one is under way. Wait until it is through, or stop it."), fields };
  }
  return { done: "It begins within minutes. This page says how far it is." };
}

export const announcements: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    const before = numberIn(visit.url, "before") ?? undefined;
    const found = await new Announcements(visit.services.env.DIRECTORY).list(PAGE + 1, before);
    const list = found.slice(0, PAGE);
    const older = found.length > PAGE ? (list.at(-1)?.id ?? null) : null;
    return shown(visit, said, (frame) => (
      <AnnouncementsPage
        {...frame}
        list={list}
        older={older}
        hasIndex={hasIndex(visit)}
        wanted={said.fields}
      />
    ));
  },
  steps: {
    notify: { may: OWNERS, careful: true, take: notify },
    mail: { may: OWNERS, careful: true, take: write },
    stop: {
      may: OWNERS,
      take: async ({ services, caller }, fields) => {
        await stopAnnouncement(services, caller, Number(lineOf(fields, "id")));
        return { done: "It is stopped: nobody else is written to." };
      },
    },
  },
};
