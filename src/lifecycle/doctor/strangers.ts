/** Whoever is in one place and not in the other: accounts that the directory lacks, and that the index has too much. */
import type { Did } from "@atcute/lexicons";
import { indexAnew } from "../../appview/index/examine.ts";
import type { Context } from "./context.ts";
import { addFinding } from "./progress.ts";

/** Accounts looked at in one step. */
const LOOKED_AT = 500;

/** Those of the DIDs that the directory knows, at any stage. */
async function knownOf({ env }: Context, dids: readonly string[]): Promise<Set<string>> {
  const { results } = await env.DIRECTORY.prepare(
    `SELECT value AS did FROM json_each(?1) WHERE EXISTS (SELECT 1 FROM account WHERE did = value)
      OR EXISTS (SELECT 1 FROM unsettled WHERE did = value)`,
  )
    .bind(JSON.stringify(dids))
    .all<{ did: string }>();
  return new Set(results.map(({ did }) => did));
}

/** @returns whether there are more */
export async function examineUnlisted(context: Context): Promise<boolean> {
  const { progress } = context;
  const after = progress.after === "" ? undefined : progress.after;
  const repos = await context.sequencer().listRepos(after, LOOKED_AT);
  const here = repos.filter(({ status }) => status !== "deleted").map(({ did }) => did);
  const known = await knownOf(context, here);
  for (const did of here.filter((each) => !known.has(each))) {
    // A deletion may have ended between both reads.
    const now = await context.sequencer().repo(did);
    if (now === null || now.status === "deleted") continue;
    addFinding(progress, { did, kind: "unlisted", example: now.status, mended: false });
  }
  progress.after = repos.at(-1)?.did ?? progress.after;
  return repos.length === LOOKED_AT;
}

/** @returns whether there are more */
export async function examineDeparted(context: Context): Promise<boolean> {
  const { progress, index } = context;
  if (context.appview === null) return false;
  const { results } = await index
    .prepare(
      "SELECT did FROM actor WHERE known IS NOT NULL AND home IS NULL AND did > ?1 ORDER BY did LIMIT ?2",
    )
    .bind(progress.after, LOOKED_AT)
    .all<{ did: Did }>();
  const dids = results.map(({ did }) => did);
  const known = await knownOf(context, dids);
  for (const did of dids.filter((each) => !known.has(each))) {
    const repo = await context.sequencer().repo(did);
    if (repo !== null && repo.status !== "deleted") continue;
    await indexAnew(index, did, [], Date.now());
    addFinding(progress, { did, kind: "departed", example: "", mended: true });
  }
  progress.after = dids.at(-1) ?? progress.after;
  return dids.length === LOOKED_AT;
}
