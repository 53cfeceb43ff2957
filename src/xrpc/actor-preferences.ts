/** `app.bsky.actor.getPreferences` and `putPreferences`: kept by the PDS, whichever AppView its member uses. */
import { AppBskyActorGetPreferences, AppBskyActorPutPreferences } from "@atcute/bluesky";
import { FULL, STANDARD, TAKENDOWN, session } from "./auth.ts";
import { method } from "./method.ts";

const NAMESPACE = "app.bsky";

export const actorPreferences = [
  // Only a session with the account's own password sees a birth date.
  method(
    AppBskyActorGetPreferences,
    session({ scopes: [...STANDARD, TAKENDOWN] }),
    async ({ caller, services }) => {
      const full = FULL.includes(caller.scope);
      const preferences = await services.account(caller.did).getPreferences(NAMESPACE, full);
      // As they were put: checked by the lexicon then, or of a kind that it leaves open.
      return { preferences: preferences as AppBskyActorGetPreferences.$output["preferences"] };
    },
  ),

  method(AppBskyActorPutPreferences, session({ checkTakedown: true }), ({ caller, input, services }) =>
    services.account(caller.did).putPreferences(NAMESPACE, input.preferences, FULL.includes(caller.scope)),
  ),
];
