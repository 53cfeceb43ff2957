/** `com.atproto.label.*`: this host's own labels. It does not store those of other labelers. */
import { ComAtprotoLabelQueryLabels } from "@atcute/atproto";
import { ModerationLabels, labelView } from "../moderation/labels.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { LABELS_NAME } from "../protocol/stations.ts";
import { anyone } from "./server/policies.ts";
import type { Method } from "./server/method.ts";
import { method } from "./server/method.ts";
import { subscription } from "./server/subscription.ts";

/**
 * A subscription is not an ordinary method row: it is a WebSocket upgrade, forwarded to the object that keeps
 * the sockets.
 */
const subscribeLabels: Method = {
  nsid: "com.atproto.label.subscribeLabels",
  verb: "GET",
  async serve(request, _url, { env }) {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      throw new Refusal("UpgradeRequired", "Expected a WebSocket upgrade", 426, { upgrade: "websocket" });
    }
    const { status, webSocket } = await env.LABELS.getByName(LABELS_NAME).fetch(subscription(request, env));
    if (webSocket === null) throw tooMany(status);
    return { response: new Response(null, { status: 101, webSocket }), did: null };
  },
};

/** 429 for the sockets of one address, 503 for those of all. */
const tooMany = (status: number) =>
  status === 429
    ? new Refusal("RateLimitExceeded", "Too many subscriptions from this address", status)
    : new Refusal("NotEnoughResources", "Too many subscribers", status);

export const comAtprotoLabel = [
  method(ComAtprotoLabelQueryLabels, anyone, async ({ params, services }) => {
    const { uriPatterns, sources, limit, cursor } = params;
    if (!sources?.length) throw invalidRequest("source dids are required");
    const page = await new ModerationLabels(services.env.DIRECTORY).query({
      patterns: uriPatterns,
      sources,
      limit,
      cursor,
    });
    return {
      labels: page.labels.map(labelView),
      cursor: page.cursor,
    };
  }),

  subscribeLabels,
];
