/** Announcements to all members, in their notifications or by mail. */
import { didNamed } from "../../../appview/reads/queries/graph.ts";
import { POST, uriOf } from "../../../appview/uris.ts";
import { canMail } from "../../../identity/mail/mailer.ts";
import { Announcements } from "../../../lifecycle/announcements/announcements.ts";
import { getGraphemeLength } from "../../../protocol/graphemes.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { tidFromMicros } from "../../../protocol/tid.ts";
import { act } from "../../../xrpc/admin/acts.ts";
import { OWNERS } from "../../../xrpc/server/role-policies.ts";
import { LONGEST } from "../../app/acts/compose.ts";
import { facetsOf } from "../../app/acts/facets.ts";
import { type Fields, lineOf } from "../../forms.ts";
import { AnnouncementsPage } from "../../pages/admin/mail/announcements.tsx";
import { wrong } from "../../problems.ts";
import { type DeskPage, type DeskVisit, type Said, shown } from "../desk.tsx";

const SUBJECT_MAX = 150;
const TEXT_MAX = 4_000;

const textIn = (fields: Fields, name: string) => (fields.get(name) ?? "").replaceAll("\r\n", "\n").trim();

const hasIndex = ({ services }: DeskVisit): boolean => services.env.APPVIEW === "local";

async function notify(visit: DeskVisit, fields: Fields): Promise<Said> {
  const { services, caller, member } = visit;
  const text = textIn(fields, "post");
  if (!hasIndex(visit))
    return { problem: wrong("Another AppView makes members’ notifications. Write them a mail.") };
  if (text === "" || getGraphemeLength(text) > LONGEST)
    return { problem: wrong(`A post has 1 to ${LONGEST} characters.`, "post"), fields };
  const { APPVIEW_DB, DIRECTORY } = services.env;
  const findDid = async (handle: string) =>
    (await didNamed(APPVIEW_DB, handle)) ?? services.handles.find(handle).catch(() => null);
  const facets = await facetsOf(text, findDid);
  const rkey = tidFromMicros(Date.now() * 1000, crypto.getRandomValues(new Uint16Array(1))[0]);
  const uri = uriOf(member.did, POST, rkey);
  const announcements = new Announcements(DIRECTORY);
  await act(services, caller, "announceByPost", uri, {}, async () => {
    // Noted first: a post that is not there is shown to nobody, and one that is not noted would be.
    const id = await announcements.notePost(member.did, uri, text);
    const value = { $type: POST, text, facets, createdAt: new Date().toISOString() };
    try {
      await services.account(member.did).createRecord({ collection: POST, rkey, record: value });
    } catch (thrown) {
      if (isRefusal(thrown)) await announcements.forget(id);
      throw thrown;
    }
  });
  return { done: "Posted. Every member finds it among their notifications." };
}

async function write(visit: DeskVisit, fields: Fields): Promise<Said> {
  const { services, caller, member } = visit;
  const [subject, text] = [lineOf(fields, "subject"), textIn(fields, "text")];
  if (!canMail(services.env))
    return { problem: wrong("This host sends no mail. Set a sender in the settings, under Mail."), fields };
  if (subject === "" || subject.length > SUBJECT_MAX)
    return { problem: wrong(`A subject has 1 to ${SUBJECT_MAX} characters.`, "subject"), fields };
  if (text === "" || text.length > TEXT_MAX)
    return { problem: wrong(`A mail has 1 to ${TEXT_MAX} characters.`, "text"), fields };
  try {
    await act(services, caller, "announceByMail", undefined, {}, () =>
      new Announcements(services.env.DIRECTORY).begin(member.did, { subject, text }),
    );
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    return { problem: wrong("Another one is under way. Wait until it is through, or stop it."), fields };
  }
  return { done: "It begins within a minute. This page says how far it is." };
}

export const announcements: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    const list = await new Announcements(visit.services.env.DIRECTORY).list();
    return shown(visit, said, (frame) => (
      <AnnouncementsPage {...frame} list={list} hasIndex={hasIndex(visit)} wanted={said.fields} />
    ));
  },
  steps: {
    notify: { may: OWNERS, careful: true, take: notify },
    mail: { may: OWNERS, careful: true, take: write },
    stop: {
      may: OWNERS,
      take: async ({ services, caller }, fields) => {
        const id = Number(lineOf(fields, "id"));
        await act(services, caller, "stopAnnouncement", undefined, { id }, () =>
          new Announcements(services.env.DIRECTORY).stop(id),
        );
        return { done: "It is stopped: nobody else is written to." };
      },
    },
  },
};
