/** A member's own backup as a download, for somebody who has just shown who they are. */
import { consumeForMember } from "../../xrpc/server/rate-limits.ts";
import { problemOf } from "../problems.ts";
import { errorPage } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { confirmFirst, memberVisit } from "./member-visit.ts";

export async function downloadAll(anybody: Visit): Promise<Response> {
  const visit = await memberVisit(anybody);
  if (visit instanceof Response) return visit;
  if (!visit.confirmed) return confirmFirst(visit);
  const { services, member, url } = visit;
  const part = Number(url.searchParams.get("part") ?? "1");
  const name = part === 1 ? member.handle : `${member.handle}-${part}`;
  try {
    const { ownBackup } = await import("../../lifecycle/own-backup/archive.ts");
    await consumeForMember(services, member.did, "own_backup");
    return new Response(ownBackup(services, member, part), {
      headers: {
        "content-type": "application/x-tar",
        "content-disposition": `attachment; filename="${name}.tar"`,
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
      },
    });
  } catch (thrown) {
    return errorPage(visit, problemOf(thrown).message);
  }
}
