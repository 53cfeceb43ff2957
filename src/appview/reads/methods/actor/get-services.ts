/** app.bsky.labeler.getServices. */
import type { AppBskyLabelerGetServices } from "@atcute/bluesky";
import type { Did } from "@atcute/lexicons";
import { complete, newFacts } from "../../hydration.ts";
import type { ViewContext } from "../../view-context.ts";
import { LABELER, uriOf } from "../../../uris.ts";
import { labelerDetailed, labelerView } from "../../views/labeler.ts";

type View = AppBskyLabelerGetServices.$output["views"][number];

/** In the order asked for, without accounts that are not labelers. */
export async function getServices(
  reading: ViewContext,
  { dids, detailed = false }: { dids: readonly Did[]; detailed?: boolean | undefined },
): Promise<{ views: View[] }> {
  const uris = [...new Set(dids)].map((did) => uriOf(did, LABELER, "self"));
  const facts = await complete(reading, newFacts(reading), { records: uris });
  const present = { facts, images: reading.images };
  return {
    views: uris.flatMap((uri): View[] => {
      if (detailed) {
        const view = labelerDetailed(present, uri);
        return view === undefined ? [] : [{ ...view, $type: "app.bsky.labeler.defs#labelerViewDetailed" }];
      }
      const view = labelerView(present, uri);
      return view === undefined ? [] : [{ ...view, $type: "app.bsky.labeler.defs#labelerView" }];
    }),
  };
}
