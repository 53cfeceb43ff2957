/** app.bsky.embed.*: cards for links. */
import { AppBskyEmbedGetEmbedExternalView } from "@atcute/bluesky";
import { viewerOrAnyone } from "./server/policies.ts";
import { method } from "./server/method.ts";

export const appBskyEmbed = [
  // A card made from records (site.standard.*), none of which this AppView indexes: then the answer is empty, by the
  // lexicon, and the client makes its own card.
  method(AppBskyEmbedGetEmbedExternalView, viewerOrAnyone, () => ({})),
];
