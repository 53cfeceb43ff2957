/** Wiring only: the handlers, and the classes that the platform instantiates. */
export { AccountObject } from "./account/object.ts";
export { AppView } from "./appview/entrypoint.ts";
export { LabelsObject } from "./moderation/labels-object.ts";
export { Lifecycle } from "./lifecycle/entrypoint.ts";
export { SequencerObject } from "./sequencer/object.ts";
import { app } from "./edge/app.ts";
import { resumeRebuild } from "./lifecycle/rebuild.ts";
import { tellRelays } from "./lifecycle/relays.ts";
import { tidy } from "./oauth/forget.ts";
import type { AccountStation } from "./protocol/account-station.ts";
import type { Bindings } from "./protocol/stations.ts";

export default {
  fetch: app.fetch,
  scheduled: async (_event: unknown, env: Bindings<AccountStation>) => {
    await Promise.all([tellRelays(env), tidy(env.DIRECTORY), resumeRebuild(env)]);
  },
};
