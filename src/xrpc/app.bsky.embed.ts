/** app.bsky.embed.*: cards for links. */
import { AppBskyEmbedGetEmbedExternalView } from "@atcute/bluesky";
import { viewerOrAnyone } from "./server/policies.ts";
import { method } from "./server/method.ts";

export const appBskyEmbed = [
  // The card would be built from site.standard.* records, which this AppView does not index. The lexicon
  // allows an empty answer then, and the client builds its own card.
  method(AppBskyEmbedGetEmbedExternalView, viewerOrAnyone, () => ({})),
];
