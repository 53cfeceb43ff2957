/** app.bsky.feed.getRepostedBy. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { complete, newFacts } from "../../hydration.ts";
import { type RepostedRow, selectReposted } from "../../queries/engagement.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { REPOST, uriOf } from "../../../uris.ts";
import { profileView } from "../../views/profile.ts";
import { recordIsTakendown, viewerBlocks } from "../../views/rules.ts";
import type { Plain } from "../../views/typed.ts";
import type { PageParams } from "../fill-page.ts";
import { halfFilled, paged } from "../paged.ts";

interface Params extends PageParams {
  uri: ResourceUri;
  cid?: string | undefined;
}

/** `cid` is echoed and does not filter. */
export async function getRepostedBy(reading: ViewContext, { uri, cid, ...params }: Params) {
  const { items: repostedBy, ...rest } = await paged(
    reading,
    params,
    (cursor, limit) => rowsOf<RepostedRow>(reading.db, selectReposted(reading.db, uri, cursor, limit)),
    (rows) => show(reading, rows),
    halfFilled,
  );
  return { uri, cid, repostedBy, ...rest };
}

async function show(
  reading: ViewContext,
  rows: RepostedRow[],
): Promise<Plain<AppBskyActorDefs.ProfileView>[]> {
  const reposts = rows.map(({ actor, rkey }) => ({ actor, uri: uriOf(actor, REPOST, rkey) }));
  const facts = await complete(reading, newFacts(reading), {
    dids: reposts.map(({ actor }) => actor),
    subjects: reposts.map(({ uri }) => uri),
  });
  const present = { facts, images: reading.images };
  return reposts.flatMap(({ actor, uri }) =>
    recordIsTakendown(facts, uri) || viewerBlocks(facts, actor) ? [] : (profileView(present, actor) ?? []),
  );
}
