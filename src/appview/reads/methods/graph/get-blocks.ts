/** app.bsky.graph.getBlocks: accounts that the viewer blocks directly, not through lists. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import { complete, newFacts } from "../../hydration.ts";
import { type BlockedRow, selectBlocked } from "../../queries/lists.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { profileView } from "../../views/profile.ts";
import type { Plain } from "../../views/typed.ts";
import type { PageParams } from "../fill-page.ts";
import { paged } from "../paged.ts";

export async function getBlocks(reading: MemberViewContext, params: PageParams) {
  const { db, viewer } = reading;
  const { items, cursor } = await paged<BlockedRow, Plain<AppBskyActorDefs.ProfileView>>(
    reading,
    params,
    (from, limit) => rowsOf(db, selectBlocked(db, viewer, from, limit)),
    async (rows) => {
      const dids = rows.map(({ did }) => did);
      const facts = await complete(reading, newFacts(reading), { dids });
      return dids.flatMap((did) => profileView({ facts, images: reading.images }, did) ?? []);
    },
  );
  return { blocks: items, cursor };
}
