/** An account's object: whether there is one, whether it follows the directory, and whether its repo is whole. */
import type { Did } from "@atcute/lexicons";
import { INVALID_HANDLE, type Member } from "../../identity/member.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { ExaminedPage } from "../../protocol/object/account-examination.ts";
import { settleStanding } from "../standing.ts";
import type { Context } from "./context.ts";
import { addFinding } from "./progress.ts";

/** @returns where the rest begins; null: that was all; undefined: nothing more of the account can be looked at */
export async function examineRepo(
  context: Context,
  did: Did,
  cursor: string,
): Promise<string | null | undefined> {
  const { progress } = context;
  let page: ExaminedPage;
  try {
    page = await context.account(did).examine(cursor);
  } catch (thrown) {
    const kind = isRefusal(thrown) ? WHY[thrown.error] : undefined;
    if (kind === undefined) throw thrown;
    // One that left, or is about to come, is no loss.
    if (await isSettled(context, did)) addFinding(progress, { did, kind, example: "", mended: false });
    return undefined;
  }
  progress.cost.records += page.records;
  if (cursor === "") await compareStanding(context, did, page.standing);
  const isAgain = progress.mends === "done";
  for (const { kind, path } of page.faults) {
    if (isAgain && !MENDABLE.has(kind)) continue;
    addFinding(progress, { did, kind, example: path, mended: kind === "links" });
    if (!isAgain && MENDABLE.has(kind)) progress.mends = "wanted";
  }
  return page.next ?? null;
}

const WHY: Readonly<Record<string, "no object" | "unreadable">> = {
  AccountNotFound: "no object",
  InternalServerError: "unreadable",
};
const MENDABLE = new Set(["head", "tree", "stray"]);

/** Whether the directory lists the account, with no act on it under way. */
async function isSettled({ env }: Context, did: Did): Promise<boolean> {
  const found = await env.DIRECTORY.prepare(
    `SELECT 1 AS here FROM account WHERE did = ?1 AND state IN ('active', 'deactivated')
      AND NOT EXISTS (SELECT 1 FROM unsettled WHERE did = ?1)`,
  )
    .bind(did)
    .first<number>("here");
  return found === 1;
}

async function compareStanding(
  context: Context,
  did: Did,
  { status, handle }: ExaminedPage["standing"],
): Promise<void> {
  const { services, progress } = context;
  const agrees = (member: Member): boolean =>
    status === member.status &&
    (handle === null || handle === member.handle || member.handle === INVALID_HANDLE);
  const member = await services.directory.findByDid(did);
  if (member === null || agrees(member) || !(await isSettled(context, did))) return;
  // Between both reads an act may have begun and ended.
  const again = await context.account(did).examine("");
  if (again.standing.status !== status || again.standing.handle !== handle) return;
  await settleStanding(services, await services.directory.unsettled.note({ did, kind: "takedown" }));
  addFinding(progress, { did, kind: "standing", example: status, mended: true });
}

/** Has the object mend its repo. Returns whether it did: then what it mended is looked at again. */
export async function mendRepo(context: Context, did: Did): Promise<boolean> {
  const { progress } = context;
  progress.mends = "done";
  if (!(await context.account(did).mendRepo())) return false;
  for (const finding of progress.findings) {
    if (finding.did === did && MENDABLE.has(finding.kind)) finding.mended = true;
  }
  return true;
}
