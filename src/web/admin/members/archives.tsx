/** Archives of members who were deleted: to take along, or to bring the member back. */
import { Archives } from "../../../lifecycle/archives/archives.ts";
import { normalizeIdentifier } from "../../../xrpc/accounts/check-password.ts";
import { openArchive, restoreAccount } from "../../../xrpc/admin/archives.ts";
import { OWNERS } from "../../../xrpc/server/role-policies.ts";
import { ArchivesPage } from "../../pages/admin/members/archives.tsx";
import { wrong } from "../../problems.ts";
import { errorPage } from "../../replies.tsx";
import { type DeskPage, type Said, shown } from "../desk.tsx";

const SHOWN = 50;

/** How the path of an archive, and a form, names it. */
const nameOf = ({ did, madeAt }: { did: string; madeAt: number }): string => `${did}:${madeAt}`;

/** Null for anything else than a DID and an instant. */
function namedBy(name: string): { did: string; madeAt: number } | null {
  const [, did, madeAt] = /^(did:.+):(\d{1,15})$/.exec(name) ?? [];
  return did === undefined || madeAt === undefined ? null : { did, madeAt: Number(madeAt) };
}

const wantedIn = ({ fields }: Said) =>
  fields === undefined ? null : { name: fields.get("archive") ?? "", handle: fields.get("handle") ?? "" };

export const archives: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    const cursor = visit.url.searchParams.get("after") ?? undefined;
    const kept = await new Archives(visit.services.env.DIRECTORY).list(SHOWN, cursor);
    const lines = kept.archives.map((each) => ({ ...each, name: nameOf(each) }));
    return shown(visit, said, (frame) => (
      <ArchivesPage {...frame} archives={lines} after={kept.cursor ?? null} wanted={wantedIn(said)} />
    ));
  },
  steps: {
    restore: {
      may: OWNERS,
      careful: true,
      take: async ({ services, caller, frame }, fields) => {
        const named = namedBy(fields.get("archive") ?? "");
        if (named === null) return { problem: wrong("There is no such archive."), fields };
        const typed = normalizeIdentifier(fields.get("handle") ?? "");
        const handle = typed.includes(".") ? typed : `${typed}${frame.host.handleDomains[0]}`;
        const { isActive } = await restoreAccount(services, caller, { ...named, handle });
        return {
          done: isActive
            ? `@${handle} is back. Make them a reset link on their page: they need a new password.`
            : `@${handle} is back, but switched off: their identity names another host, or does not let this one change it.`,
        };
      },
    },
  },
};

/** The archive itself. */
export const archive: DeskPage = {
  may: OWNERS,
  show: async (visit) => {
    const named = namedBy(visit.about);
    const found =
      named && (await openArchive(visit.services, visit.caller, named.did, named.madeAt).catch(() => null));
    if (!found) return errorPage(visit, "There is no such archive.", { status: 404, title: "Nothing here" });
    const { handle, bytes } = found.archive;
    return new Response(found.body, {
      headers: {
        "content-type": "application/vnd.ipld.car",
        "content-length": String(bytes),
        "content-disposition": `attachment; filename="${handle}.car"`,
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
      },
    });
  },
  steps: {},
};
