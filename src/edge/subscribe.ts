/** `com.atproto.sync.subscribeRepos`: forwarded as a whole to the sequencer, which keeps the sockets. */
import { SEQUENCER_NAME } from "../protocol/stations.ts";
import type { Services } from "../xrpc/server/services.ts";
import { subscription } from "../xrpc/server/subscription.ts";

export const subscribeRepos = (request: Request, { env }: Pick<Services, "env">): Promise<Response> =>
  env.SEQUENCER.getByName(SEQUENCER_NAME).fetch(subscription(request, env));
