/**
 * Methods of the public lexicons that this host does not serve, and why. `coverage.test.ts` checks that the
 * list is complete. Each answers 501 MethodNotImplemented.
 */

const RELAY = "for relays: a host of accounts is crawled, it does not crawl";
const ENTRYWAY = "for an entryway, a sign-up service before many hosts";

const PHONE = "finds people by their phone numbers, which this host neither asks for nor keeps";
const BACKEND = "spoken between the reference's AppView and its own backends, never by a client";
const AGE_CHECK = "starts a check of someone's age with a provider that this host has no contract with";

export const DECLINED: Readonly<Record<string, string>> = {
  "app.bsky.ageassurance.begin": AGE_CHECK,
  "app.bsky.unspecced.initAgeAssurance": AGE_CHECK,
  "app.bsky.contact.dismissMatch": PHONE,
  "app.bsky.contact.getMatches": PHONE,
  "app.bsky.contact.getSyncStatus": PHONE,
  "app.bsky.contact.importContacts": PHONE,
  "app.bsky.contact.removeData": PHONE,
  "app.bsky.contact.sendNotification": PHONE,
  "app.bsky.contact.startPhoneVerification": PHONE,
  "app.bsky.contact.verifyPhone": PHONE,
  "app.bsky.unspecced.getOnboardingSuggestedStarterPacksSkeleton": BACKEND,
  "app.bsky.unspecced.getOnboardingSuggestedUsersSkeleton": BACKEND,
  "app.bsky.unspecced.getSuggestedFeedsSkeleton": BACKEND,
  "app.bsky.unspecced.getSuggestedStarterPacksSkeleton": BACKEND,
  "app.bsky.unspecced.getSuggestedUsersForDiscoverSkeleton": BACKEND,
  "app.bsky.unspecced.getSuggestedUsersForExploreSkeleton": BACKEND,
  "app.bsky.unspecced.getSuggestedUsersForSeeMoreSkeleton": BACKEND,
  "app.bsky.unspecced.getSuggestedUsersSkeleton": BACKEND,
  "app.bsky.unspecced.getSuggestionsSkeleton": BACKEND,
  "app.bsky.unspecced.getTrendsSkeleton": BACKEND,
  "app.bsky.unspecced.searchActorsSkeleton": BACKEND,
  "app.bsky.unspecced.searchPostsSkeleton": BACKEND,
  "app.bsky.unspecced.searchStarterPacksSkeleton": BACKEND,
  "com.atproto.admin.updateAccountSigningKey":
    "a key is rotated by its owner, by a PLC operation; the reference does not serve it",
  "com.atproto.lexicon.resolveLexicon":
    "lexicons are resolved where consent is asked for; the reference does not serve it",
  "com.atproto.sync.listHosts": RELAY,
  "com.atproto.sync.listReposByCollection": RELAY,
  "com.atproto.sync.notifyOfUpdate": RELAY,
  "com.atproto.temp.addReservedHandle": ENTRYWAY,
  "com.atproto.temp.checkHandleAvailability": ENTRYWAY,
  "com.atproto.temp.dereferenceScope": ENTRYWAY,
  "com.atproto.temp.fetchLabels":
    "deprecated: com.atproto.label.queryLabels and subscribeLabels took its place",
  "com.atproto.temp.requestPhoneVerification": ENTRYWAY,
  "com.atproto.temp.revokeAccountCredentials": ENTRYWAY,
};

/**
 * Whether a method is of permissioned data (proposal 0016), of which this host keeps none. Clients find out by
 * calling one, so it must not depend on credentials, and no other service may answer in this host's name.
 */
export const isSpaceMethod = (nsid: string) => /^com\.atproto\.(simple)?space\./.test(nsid);

/**
 * Methods that belong to other services. With an `atproto-proxy` header, a member's request is forwarded to
 * one of them.
 */
const ELSEWHERE = ["chat.bsky.", "app.bsky.video."];

export const isPassedOn = (nsid: string) => ELSEWHERE.some((group) => nsid.startsWith(group));
