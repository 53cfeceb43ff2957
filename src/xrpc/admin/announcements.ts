/** Announcements to all members, by owners: the same for XRPC and for the admin's pages. */
import { POST, uriOf } from "../../appview/uris.ts";
import { canMail } from "../../identity/mail/mailer.ts";
import { Announcements } from "../../lifecycle/announcements/announcements.ts";
import { Refusal, invalidRequest, isRefusal } from "../../protocol/refusal.ts";
import { tidFromMicros } from "../../protocol/tid.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";
import { act } from "./acts.ts";

/** In UTF-16 units, as forms count. */
export const SUBJECT_MAX = 150;
export const TEXT_MAX = 4_000;

/**
 * Posts as the caller; every member finds the post among their notifications. Returns its URI. Refuses
 * InvalidRequest for the admin, who has no account, while another AppView makes notifications, and what the
 * lexicon of posts refuses.
 */
export async function announceByPost(
  services: Services,
  caller: ActingCaller,
  { text, facets }: { text: string; facets: readonly unknown[] },
): Promise<{ uri: string }> {
  const { did } = caller;
  if (did === undefined) throw invalidRequest("A post is an owner's: call it with their session");
  if (services.env.APPVIEW !== "local") throw invalidRequest("Another AppView makes members' notifications");
  const rkey = tidFromMicros(Date.now() * 1000, crypto.getRandomValues(new Uint16Array(1))[0]);
  const uri = uriOf(did, POST, rkey);
  const announcements = new Announcements(services.env.DIRECTORY);
  await act(services, caller, "announceByPost", uri, {}, async () => {
    // Noted first: a post that is not there is shown to nobody, and one that is not noted would be.
    const id = await announcements.notePost(did, uri, text);
    const record = { $type: POST, text, facets, createdAt: new Date().toISOString() };
    try {
      await services.account(did).createRecord({ collection: POST, rkey, record });
    } catch (thrown) {
      if (isRefusal(thrown)) await announcements.forget(id);
      throw thrown;
    }
  });
  return { uri };
}

/**
 * Begins to write to every member with an address who has not said no. Refuses InvalidRequest for a text that is
 * empty or too long, and while another one is under way; MailNotConfigured.
 */
export async function announceByMail(
  services: Services,
  caller: ActingCaller,
  { subject, text }: { subject: string; text: string },
): Promise<void> {
  if (!canMail(services.env)) throw new Refusal("MailNotConfigured", "This host sends no mail");
  if (subject.trim() === "" || subject.length > SUBJECT_MAX)
    throw invalidRequest(`A subject has 1 to ${SUBJECT_MAX} characters`);
  if (text.trim() === "" || text.length > TEXT_MAX)
    throw invalidRequest(`A mail has 1 to ${TEXT_MAX} characters`);
  await act(services, caller, "announceByMail", undefined, {}, () =>
    new Announcements(services.env.DIRECTORY).begin(caller.actor, { subject, text }),
  );
}

/** Refuses NotFound. */
export async function stopAnnouncement(services: Services, caller: ActingCaller, id: number): Promise<void> {
  await act(services, caller, "stopAnnouncement", undefined, { id }, () =>
    new Announcements(services.env.DIRECTORY).stop(id),
  );
}
