/** `com.atproto.sync.subscribeRepos`: handed whole to the sequencer, which keeps the sockets. */
import type { Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";

export function subscribeRepos(request: Request, env: Bindings): Promise<Response> {
  return env.SEQUENCER.getByName(SEQUENCER_NAME).fetch(request);
}
