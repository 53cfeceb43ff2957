/** Tells the objects that keep sockets whose a socket is. */
import type { Settings } from "../../protocol/settings/list.ts";
import { SUBSCRIBER_HEADER } from "../../protocol/stations.ts";
import { clientAddress } from "./client-address.ts";

/** The request of a subscription, marked with the address that its sockets are counted by, if they are. */
export function subscription(request: Request, env: Pick<Settings, "RATE_LIMITS">): Request {
  const marked = new Request(request);
  const isCounted = env.RATE_LIMITS !== "off" && request.headers.has("cf-connecting-ip");
  if (isCounted) marked.headers.set(SUBSCRIBER_HEADER, clientAddress(request));
  else marked.headers.delete(SUBSCRIBER_HEADER);
  return marked;
}
