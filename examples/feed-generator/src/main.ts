/** Usage: `ORIGIN=https://feed.example.com PUBLISHER=did:plc:… TAG=cats npm start` */
import { IdResolver, MemoryCache } from "@atproto/identity";
import { TaggedPosts } from "./posts.ts";
import { serve } from "./server.ts";

const { ORIGIN, PUBLISHER, TAG = "cats", FIREHOSE = "wss://bsky.network", PORT = "3000" } = process.env;
const plcUrl = process.env.PLC ?? "https://plc.directory";
if (!ORIGIN || !PUBLISHER) {
  console.error("Set ORIGIN, where this is reached, and PUBLISHER, the DID of the feed's account.");
  process.exit(1);
}

const posts = new TaggedPosts(TAG);
const identities = new IdResolver({ plcUrl, didCache: new MemoryCache() });
posts.follow(FIREHOSE, identities);
const generator = { origin: ORIGIN, publisher: PUBLISHER, rkey: TAG, identities, posts };
serve(() => generator).listen(Number(PORT), () => console.log(`${ORIGIN} serves #${TAG} on port ${PORT}`));
