/** app.bsky.actor.getPreferences and putPreferences: stored in the account object, unknown to any AppView. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { JsonObject } from "../../protocol/account-station.ts";
import type { MemberCaller } from "../server/policies.ts";
import { FULL } from "../server/policies.ts";
import type { Services } from "../server/services.ts";

const NAMESPACE = "app.bsky";

interface PreferencesCall {
  caller: MemberCaller;
  services: Services;
}

/**
 * Whether the caller has full access. An app, by app password or OAuth, neither reads nor writes owner-only
 * preferences (date of birth).
 */
const isFull = (caller: MemberCaller): boolean => caller.kind === "session" && FULL.includes(caller.scope);

export async function getPreferences({ caller, services }: PreferencesCall) {
  const preferences = await services.account(caller.did).getPreferences(NAMESPACE, isFull(caller));
  // They were validated when they were put.
  return {
    preferences: preferences.length > 0 ? (preferences as AppBskyActorDefs.Preferences) : first(services),
  };
}

/**
 * The preferences of a member who has set none: the host's own moderators as a labeler, where its AppView
 * shows them.
 */
function first({ env, host }: Services): AppBskyActorDefs.Preferences {
  if (env.APPVIEW !== "local") return [];
  return [{ $type: "app.bsky.actor.defs#labelersPref", labelers: [{ did: host.did }] }];
}

export async function putPreferences({
  caller,
  services,
  input,
}: PreferencesCall & { input: { preferences: object[] } }): Promise<void> {
  const preferences = input.preferences.map((preference): JsonObject => ({ ...preference }));
  await services.account(caller.did).putPreferences(NAMESPACE, preferences, isFull(caller));
}
