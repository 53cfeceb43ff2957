/** `com.atproto.sync.subscribeRepos`: forwarded as a whole to the sequencer, which keeps the sockets. */
import type { Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME, SUBSCRIBER_HEADER } from "../protocol/stations.ts";
import { clientAddress } from "../xrpc/server/client-address.ts";

export function subscribeRepos(request: Request, env: Bindings): Promise<Response> {
  const marked = new Request(request);
  const isCounted = env.RATE_LIMITS !== "off" && request.headers.has("cf-connecting-ip");
  if (isCounted) marked.headers.set(SUBSCRIBER_HEADER, clientAddress(request));
  else marked.headers.delete(SUBSCRIBER_HEADER);
  return env.SEQUENCER.getByName(SEQUENCER_NAME).fetch(marked);
}
