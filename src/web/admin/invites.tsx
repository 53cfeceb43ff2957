/** Invites: made, shown with a code to scan, sent by mail, stopped; and who came by whom. */
import { renderSVG } from "uqr";
import { checkMailAddress } from "../../identity/mail/address.ts";
import { writeText } from "../../identity/mail/texts.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { isDid } from "../../protocol/syntax.ts";
import { createInviteCode } from "../../xrpc/accounts/invitations.ts";
import { disableInviteCodes } from "../../xrpc/admin/members.ts";
import { consumeForMember } from "../../xrpc/server/rate-limits.ts";
import { INVITERS } from "../../xrpc/server/role-policies.ts";
import { type Fields, lineOf, wordsOf } from "../forms.ts";
import { TreePage } from "../pages/admin/came.tsx";
import { InvitePage, InvitesPage } from "../pages/admin/invites.tsx";
import { wrong } from "../problems.ts";
import { errorPage, goTo } from "../replies.tsx";
import { type DeskPage, type DeskVisit, type Said, shown } from "./desk.tsx";
import { readInvite, readInvites, readTree } from "./invite-reads.ts";

const PAGE = 50;
const DAY_MS = 24 * 60 * 60 * 1000;
const USES_MAX = 1_000;
/** Mails by one form. Each is a request, of which a Worker makes fifty at most on the free plan. */
const MAILS_MAX = 20;

const ALL = ["owner", "moderator", "inviter"] as const;

/** An inviter sees their own invites alone. */
const onlyOf = ({ role, member }: DeskVisit): string | null => (role === "inviter" ? member.did : null);

const linkOf = ({ frame }: DeskVisit, code: string): string => `${frame.host.origin}/join/${code}`;

/** How many uses and until when, as a form asks for them; null for what is no number. */
function wantedIn(fields: Fields): { useCount: number; expiresAt?: string } | null {
  const useCount = Number(lineOf(fields, "uses") || "1");
  const days = Number(lineOf(fields, "days") || "0");
  if (!Number.isInteger(useCount) || useCount < 1 || useCount > USES_MAX) return null;
  if (!Number.isInteger(days) || days < 0 || days > 365) return null;
  return {
    useCount,
    ...(days === 0 ? {} : { expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() }),
  };
}

export const invites: DeskPage = {
  may: ALL,
  show: async (visit, said) => {
    const after = visit.url.searchParams.get("after");
    const lines = await readInvites(visit.services.env.DIRECTORY, {
      owner: onlyOf(visit),
      after,
      limit: PAGE + 1,
    });
    const last = lines[PAGE - 1];
    return shown(visit, said, (frame) => (
      <InvitesPage
        {...frame}
        invites={lines.slice(0, PAGE)}
        after={lines.length > PAGE && last !== undefined ? `${last.createdAt}::${last.code}` : null}
        mayMake={INVITERS.includes(visit.role)}
        wanted={said.fields}
      />
    ));
  },
  steps: {
    create: {
      may: INVITERS,
      take: async (visit, fields) => {
        const wanted = wantedIn(fields);
        if (wanted === null)
          return { problem: wrong(`Please enter a number from 1 to ${USES_MAX}.`, "uses"), fields };
        try {
          const { code } = await createInviteCode(visit.services, visit.caller, wanted);
          return goTo(visit, wayTo(visit, code));
        } catch (thrown) {
          if (!isRefusal(thrown) || thrown.error !== "InvalidRequest") throw thrown;
          return { problem: wrong(tooMany(visit)), fields };
        }
      },
    },
    send: { may: INVITERS, take: sendInvites },
  },
};

const tooMany = ({ services }: DeskVisit): string =>
  `That would be more than the ${services.env.INVITER_INVITES} people whom you may invite.`;

const wayTo = ({ others, member }: DeskVisit, code: string): string =>
  `/admin/invites/${code}${others ? `?as=${member.did}` : ""}`;

/** Makes an invite for each address, and mails it. */
async function sendInvites(visit: DeskVisit, fields: Fields): Promise<Said> {
  const { services, member, caller, frame } = visit;
  const addresses = wordsOf(fields, "addresses");
  if (addresses.length === 0 || addresses.length > MAILS_MAX)
    return { problem: wrong(`Please enter 1 to ${MAILS_MAX} addresses.`), fields };
  const odd = addresses.find((address) => !isAddress(address));
  if (odd !== undefined) return { problem: wrong(`“${odd}” is no e-mail address.`), fields };
  const unsent: string[] = [];
  const once = () => (unsent.length === 0 ? {} : { once: { text: unsent.join("\n"), what: "the links" } });
  for (const [i, to] of addresses.entries()) {
    let code: string;
    try {
      await consumeForMember(services, member.did, "invite");
      ({ code } = await createInviteCode(services, caller, { useCount: 1 }));
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      const why = thrown.error === "InvalidRequest" ? tooMany(visit) : "That is enough for an hour.";
      const rest = new Map([["addresses", addresses.slice(i).join("\n")]]);
      return { problem: wrong(`${why} The addresses below have no invite yet.`), fields: rest, ...once() };
    }
    const blanks = { handle: member.handle, community: frame.host.name, link: linkOf(visit, code) };
    const text = await writeText(services.env, "invite", blanks);
    const outcome = await services.mailer.send({ ...text, kind: "invite", to });
    if (outcome === "not sent") unsent.push(`${to} ${linkOf(visit, code)}`);
  }
  if (unsent.length === 0)
    return { done: `${addresses.length === 1 ? "The invite is" : "The invites are"} sent.` };
  return {
    problem: wrong("Some mails could not be sent. Here are their links, to pass on by other means."),
    ...once(),
  };
}

function isAddress(text: string): boolean {
  try {
    checkMailAddress(text);
    return true;
  } catch (thrown) {
    if (isRefusal(thrown)) return false;
    throw thrown;
  }
}

/** One invite by its code, or the tree around a member by their DID. */
export const invite: DeskPage = {
  may: ALL,
  show: async (visit, said) => {
    const { about, role, services } = visit;
    const only = onlyOf(visit);
    if (isDid(about)) {
      if (only !== null && only !== about)
        return errorPage(visit, "An inviter sees only who came by themselves.", { status: 403 });
      const tree = await readTree(services.env.DIRECTORY, about);
      return shown(visit, said, (frame) => <TreePage {...frame} tree={tree} root={about} />);
    }
    const after = visit.url.searchParams.get("after");
    const found = await readInvite(services.env.DIRECTORY, about, after);
    if (found === null || (only !== null && found.invite.owner !== only))
      return errorPage(visit, "There is no such invite.", { status: 404, title: "Nothing here" });
    const link = linkOf(visit, about);
    const picture = renderSVG(link, { border: 2 });
    return shown(visit, said, (frame) => (
      <InvitePage {...frame} {...found} link={link} picture={picture} mayStop={ALL.includes(role)} />
    ));
  },
  steps: {
    stop: {
      may: ALL,
      take: async (visit) => {
        const { services, caller, about } = visit;
        const only = onlyOf(visit);
        const found = await readInvite(services.env.DIRECTORY, about);
        if (found === null || (only !== null && found.invite.owner !== only))
          return errorPage(visit, "There is no such invite of yours.");
        // Stopping it again leaves nothing in the log.
        if (found.invite.disabled === 0) await disableInviteCodes(services, caller, { codes: [about] });
        return { done: "The invite is stopped: its link lets nobody in." };
      },
    },
  },
};
