/**
 * The two event streams, `com.atproto.sync.subscribeRepos` and Jetstream's JSON at `/subscribe`. A reader is
 * given a seat at a fan-out object, which keeps its socket.
 */
import { internalNewHttpClient } from "cloudflare:sockets";
import { Refusal } from "../protocol/refusal.ts";
import type { FanOutStation } from "../protocol/stations.ts";
import { SEAT_HEADER, SEQUENCER_NAME, SUBSCRIBER_HEADER } from "../protocol/stations.ts";
import type { Services } from "../xrpc/server/services.ts";
import { checkReplay } from "./stopped/short.ts";
import { subscription } from "../xrpc/server/subscription.ts";

/**
 * Refuses 426 for a request that is no upgrade, RateLimitExceeded (429) when there is no room,
 * NotEnoughResources (503).
 */
export async function subscribe(request: Request, { env }: Pick<Services, "env">): Promise<Response> {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    const message = "A subscription is reached by WebSocket";
    throw new Refusal("InvalidRequest", message, 426, { upgrade: "websocket" });
  }
  const marked = subscription(request, env);
  const subscriber = marked.headers.get(SUBSCRIBER_HEADER);
  const sequencer = env.SEQUENCER.getByName(SEQUENCER_NAME);
  await checkReplay(request, env, async () => (await sequencer.status()).seq);
  const seat = crypto.randomUUID();
  const name = await sequencer.seat(subscriber, seat);
  marked.headers.set(SEAT_HEADER, seat);
  return connect(env.FAN_OUT.getByName(name), marked);
}

/** Connects the reader by a pipe where there are any (see `pipe.ts` of the fan-out objects). */
async function connect(fanOut: FanOutStation, request: Request): Promise<Response> {
  if (!hasPipes()) return fanOut.fetch(request);
  const client = await internalNewHttpClient(fanOut.connect("reader:80"));
  return client.fetch(request);
}

/** Whether the runtime has an HTTP client for sockets: workerd with its flag `experimental`. */
const hasPipes = (): boolean => Cloudflare.compatibilityFlags["experimental"] === true;
