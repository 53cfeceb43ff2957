/** Every method that this host serves: who may call it, and with what. */
import type { TestNetwork } from "../../../tools/kit/index.ts";
import type { Stage } from "./stage.ts";

export interface Given {
  params?: Record<string, string | number | boolean | readonly string[]>;
  input?: unknown;
  /** Content type of a byte input. */
  type?: string;
  /** A bearer token other than the caller's. */
  token?: string;
}

/** `anyone`: with a session and without. `leaver`: a member whose account is deleted at the end. */
export type Caller = "anyone" | "member" | "admin" | "leaver" | "nobody";

export interface Row {
  nsid: string;
  caller: Caller;
  /** `GET`, or the input of a procedure (undefined: no body). */
  given: (stage: Stage) => Given | Promise<Given>;
  /** The expected refusal: `501 MethodNotImplemented`. */
  refused?: string;
}

const row =
  (caller: Caller) =>
  (nsid: string, given: Row["given"] = () => ({}), refused?: string): Row => ({
    nsid,
    caller,
    given,
    ...(refused === undefined ? {} : { refused }),
  });
const anyone = row("anyone");
const member = row("member");
const admin = row("admin");
const leaver = row("leaver");

const actor = ({ ben }: Stage) => ({ params: { actor: ben.handle, limit: 10 } });
const limit = () => ({ params: { limit: 10 } });
const thread = ({ post }: Stage) => ({ params: { anchor: post.uri } });
const subject = ({ post }: Stage) => ({ params: { uri: post.uri, limit: 10 } });

export const READS: readonly Row[] = [
  anyone("app.bsky.actor.getProfile", ({ ben }) => ({ params: { actor: ben.handle } })),
  anyone("app.bsky.actor.getProfiles", ({ ben, ada }) => ({ params: { actors: [ben.did, ada.handle] } })),
  anyone("app.bsky.actor.getSuggestions", limit),
  anyone("app.bsky.actor.searchActors", () => ({ params: { q: "ben", limit: 10 } })),
  anyone("app.bsky.actor.searchActorsTypeahead", () => ({ params: { q: "be", limit: 8 } })),
  member("app.bsky.actor.getPreferences"),
  anyone("app.bsky.ageassurance.getConfig"),
  member("app.bsky.ageassurance.getState", () => ({ params: { countryCode: "DE" } })),
  member("app.bsky.bookmark.getBookmarks", limit),
  member("app.bsky.draft.getDrafts", limit),
  anyone("app.bsky.embed.getEmbedExternalView", ({ post }) => ({
    params: { url: "https://example.com", uris: [post.uri] },
  })),
  anyone("app.bsky.feed.describeFeedGenerator"),
  anyone("app.bsky.feed.getActorFeeds", actor),
  member("app.bsky.feed.getActorLikes", ({ ada }) => ({ params: { actor: ada.did, limit: 10 } })),
  anyone("app.bsky.feed.getAuthorFeed", ({ ben }) => ({
    params: { actor: ben.did, filter: "posts_and_author_threads", includePins: true },
  })),
  anyone("app.bsky.feed.getFeed", ({ uris }) => ({ params: { feed: uris.feed, limit: 10 } })),
  anyone("app.bsky.feed.getFeedGenerator", ({ uris }) => ({ params: { feed: uris.feed } })),
  anyone("app.bsky.feed.getFeedGenerators", ({ uris }) => ({ params: { feeds: [uris.feed] } })),
  anyone("app.bsky.feed.getFeedSkeleton", ({ network }) => ({
    params: { feed: `at://${network.host().did}/app.bsky.feed.generator/whats-new`, limit: 10 },
  })),
  anyone("app.bsky.feed.getLikes", subject),
  anyone("app.bsky.feed.getListFeed", ({ uris }) => ({ params: { list: uris.list, limit: 10 } })),
  anyone("app.bsky.feed.getPostThread", ({ post }) => ({
    params: { uri: post.uri, depth: 6, parentHeight: 80 },
  })),
  anyone("app.bsky.feed.getPosts", ({ post }) => ({ params: { uris: [post.uri] } })),
  anyone("app.bsky.feed.getQuotes", subject),
  anyone("app.bsky.feed.getRepostedBy", subject),
  anyone("app.bsky.feed.getSuggestedFeeds", limit),
  member("app.bsky.feed.getTimeline", limit),
  anyone("app.bsky.feed.searchPosts", () => ({ params: { q: "calm", sort: "latest", limit: 10 } })),
  anyone("app.bsky.feed.searchPostsV2", () => ({ params: { query: "calm", sort: "recent", limit: 10 } })),
  anyone("app.bsky.graph.getActorStarterPacks", actor),
  member("app.bsky.graph.getBlocks", limit),
  anyone("app.bsky.graph.getFollowers", actor),
  anyone("app.bsky.graph.getFollows", actor),
  member("app.bsky.graph.getKnownFollowers", actor),
  anyone("app.bsky.graph.getList", ({ uris }) => ({ params: { list: uris.list, limit: 10 } })),
  member("app.bsky.graph.getListBlocks", limit),
  member("app.bsky.graph.getListMutes", limit),
  anyone("app.bsky.graph.getLists", ({ ben }) => ({
    params: { actor: ben.did, limit: 10, purposes: ["curatelist", "modlist"] },
  })),
  member("app.bsky.graph.getListsWithMembership", actor),
  member("app.bsky.graph.getMutes", limit),
  anyone("app.bsky.graph.getRelationships", ({ ben, ada }) => ({
    params: { actor: ben.did, others: [ada.did] },
  })),
  anyone("app.bsky.graph.getStarterPack", ({ uris }) => ({ params: { starterPack: uris.pack } })),
  anyone("app.bsky.graph.getStarterPacks", ({ uris }) => ({ params: { uris: [uris.pack] } })),
  member("app.bsky.graph.getStarterPacksWithMembership", actor),
  anyone("app.bsky.graph.getSuggestedFollowsByActor", ({ ben }) => ({ params: { actor: ben.did } })),
  anyone("app.bsky.graph.searchStarterPacks", () => ({ params: { q: "pack", limit: 10 } })),
  anyone("app.bsky.graph.searchStarterPacksV2", () => ({ params: { q: "pack", limit: 10 } })),
  anyone("app.bsky.labeler.getServices", ({ ben }) => ({ params: { dids: [ben.did], detailed: true } })),
  member("app.bsky.notification.getPreferences"),
  member("app.bsky.notification.getUnreadCount", () => ({ params: { priority: false } })),
  member("app.bsky.notification.listActivitySubscriptions", limit),
  member("app.bsky.notification.listNotifications", () => ({
    params: { limit: 10, reasons: ["like", "follow"] },
  })),
  member("app.bsky.unspecced.getAgeAssuranceState"),
  anyone("app.bsky.unspecced.getConfig"),
  anyone("app.bsky.unspecced.getOnboardingSuggestedStarterPacks", limit),
  anyone("app.bsky.unspecced.getPopularFeedGenerators", limit),
  anyone("app.bsky.unspecced.getPostThreadOtherV2", thread),
  anyone("app.bsky.unspecced.getPostThreadV2", thread),
  anyone("app.bsky.unspecced.getSuggestedFeeds", limit),
  anyone("app.bsky.unspecced.getSuggestedOnboardingUsers", limit),
  anyone("app.bsky.unspecced.getSuggestedStarterPacks", limit),
  anyone("app.bsky.unspecced.getSuggestedUsers", limit),
  anyone("app.bsky.unspecced.getSuggestedUsersForDiscover", limit),
  anyone("app.bsky.unspecced.getSuggestedUsersForExplore", limit),
  anyone("app.bsky.unspecced.getSuggestedUsersForSeeMore", limit),
  anyone("app.bsky.unspecced.getTaggedSuggestions"),
  anyone("app.bsky.unspecced.getTrendingTopics", limit),
  anyone("app.bsky.unspecced.getTrends", limit),
  admin("com.atproto.admin.getAccountInfo", ({ ben }) => ({ params: { did: ben.did } })),
  admin("com.atproto.admin.getAccountInfos", ({ ben, ada }) => ({ params: { dids: [ben.did, ada.did] } })),
  admin("com.atproto.admin.getInviteCodes", () => ({ params: { sort: "recent", limit: 10 } })),
  admin("com.atproto.admin.getSubjectStatus", ({ post }) => ({ params: { uri: post.uri } })),
  admin("com.atproto.admin.searchAccounts", () => ({ params: { email: "ben", limit: 10 } })),
  member("com.atproto.identity.getRecommendedDidCredentials"),
  anyone("com.atproto.identity.resolveDid", ({ ben }) => ({ params: { did: ben.did } })),
  anyone("com.atproto.identity.resolveHandle", ({ ben }) => ({ params: { handle: ben.handle } })),
  anyone("com.atproto.identity.resolveIdentity", ({ ben }) => ({ params: { identifier: ben.handle } })),
  anyone("com.atproto.label.queryLabels", ({ network, post }) => ({
    params: { uriPatterns: [post.uri], sources: [network.host().did] },
  })),
  anyone("com.atproto.repo.describeRepo", ({ ben }) => ({ params: { repo: ben.handle } })),
  anyone("com.atproto.repo.getRecord", ({ ben, post }) => ({
    params: { repo: ben.did, collection: "app.bsky.feed.post", rkey: post.rkey },
  })),
  member("com.atproto.repo.listMissingBlobs", limit),
  anyone("com.atproto.repo.listRecords", ({ ben }) => ({
    params: { repo: ben.did, collection: "app.bsky.feed.post", limit: 10, reverse: true },
  })),
  member("com.atproto.server.checkAccountStatus"),
  anyone("com.atproto.server.describeServer"),
  member("com.atproto.server.getAccountInviteCodes"),
  member("com.atproto.server.getServiceAuth", () => ({ params: { aud: "did:web:example.com" } })),
  member("com.atproto.server.getSession"),
  member("com.atproto.server.listAppPasswords"),
  anyone("com.atproto.sync.getBlob", ({ ben, blob }) => ({ params: { did: ben.did, cid: blob } })),
  anyone("com.atproto.sync.getBlocks", ({ ben, post }) => ({ params: { did: ben.did, cids: [post.cid] } })),
  anyone("com.atproto.sync.getCheckout", ({ ben }) => ({ params: { did: ben.did } })),
  anyone("com.atproto.sync.getHead", ({ ben }) => ({ params: { did: ben.did } })),
  anyone("com.atproto.sync.getHostStatus", ({ network }) => ({
    params: { hostname: new URL(network.url).hostname },
  })),
  anyone("com.atproto.sync.getLatestCommit", ({ ben }) => ({ params: { did: ben.did } })),
  anyone("com.atproto.sync.getRecord", ({ ben, post }) => ({
    params: { did: ben.did, collection: "app.bsky.feed.post", rkey: post.rkey },
  })),
  anyone("com.atproto.sync.getRepo", ({ ben }) => ({ params: { did: ben.did } })),
  anyone("com.atproto.sync.getRepoStatus", ({ ben }) => ({ params: { did: ben.did } })),
  anyone("com.atproto.sync.listBlobs", ({ ben }) => ({ params: { did: ben.did, limit: 10 } })),
  anyone("com.atproto.sync.listRepos", limit),
  member("com.atproto.temp.checkSignupQueue"),
];

const createdAt = "2026-11-28T12:00:00.000Z";
const POST = { $type: "app.bsky.feed.post", text: "Written by a table", createdAt };
const push = ({ network }: Stage) => ({
  input: { serviceDid: network.host().did, token: "abc", platform: "web", appId: "xyz.blueskyweb.app" },
});
const ownDraft = ({ network, ada }: Stage, text: string) => draftOf(network, ada.token, text);

async function draftOf(network: TestNetwork, token: string, text: string): Promise<string> {
  const input = { draft: { posts: [{ text }] } };
  const made = await network
    .host()
    .xrpc("app.bsky.draft.createDraft", { input, authorization: `Bearer ${token}` });
  return (made as { id: string }).id;
}

export const WRITES: readonly Row[] = [
  member("app.bsky.actor.putPreferences", () => ({
    input: { preferences: [{ $type: "app.bsky.actor.defs#adultContentPref", enabled: false }] },
  })),
  member("app.bsky.bookmark.createBookmark", ({ post: { uri, cid } }) => ({ input: { uri, cid } })),
  member("app.bsky.bookmark.deleteBookmark", ({ post: { uri } }) => ({ input: { uri } })),
  member("app.bsky.draft.createDraft", () => ({ input: { draft: { posts: [{ text: "Half" }] } } })),
  member("app.bsky.draft.updateDraft", async (stage) => ({
    input: { draft: { id: await ownDraft(stage, "Half"), draft: { posts: [{ text: "Whole" }] } } },
  })),
  member("app.bsky.draft.deleteDraft", async (stage) => ({ input: { id: await ownDraft(stage, "None") } })),
  member("app.bsky.feed.sendInteractions", ({ uris, post }) => ({
    input: {
      feed: uris.feed,
      interactions: [{ item: post.uri, event: "app.bsky.feed.defs#interactionSeen" }],
    },
  })),
  member("app.bsky.graph.muteActor", ({ ben }) => ({ input: { actor: ben.handle } })),
  member("app.bsky.graph.unmuteActor", ({ ben }) => ({ input: { actor: ben.handle } })),
  member("app.bsky.graph.muteActorList", ({ uris }) => ({ input: { list: uris.list } })),
  member("app.bsky.graph.unmuteActorList", ({ uris }) => ({ input: { list: uris.list } })),
  member("app.bsky.graph.muteThread", ({ post }) => ({ input: { root: post.uri } })),
  member("app.bsky.graph.unmuteThread", ({ post }) => ({ input: { root: post.uri } })),
  member("app.bsky.notification.putActivitySubscription", ({ ben }) => ({
    input: { subject: ben.did, activitySubscription: { post: true, reply: false } },
  })),
  member("app.bsky.notification.putPreferences", () => ({ input: { priority: true } })),
  member("app.bsky.notification.putPreferencesV2", () => ({
    input: { like: { include: "all", list: true, push: true } },
  })),
  member("app.bsky.notification.registerPush", push, "501 MethodNotImplemented"),
  member("app.bsky.notification.unregisterPush", push, "501 MethodNotImplemented"),
  member("app.bsky.notification.updateSeen", () => ({ input: { seenAt: createdAt } })),
  anyone("com.atproto.identity.refreshIdentity", ({ ben }) => ({ input: { identifier: ben.handle } })),
  member("com.atproto.moderation.createReport", ({ ben }) => ({
    input: {
      reasonType: "com.atproto.moderation.defs#reasonOther",
      subject: { $type: "com.atproto.admin.defs#repoRef", did: ben.did },
    },
  })),
  member("com.atproto.repo.createRecord", ({ ada }) => ({
    input: { repo: ada.handle, collection: POST.$type, record: POST },
  })),
  member("com.atproto.repo.putRecord", ({ ada }) => ({
    input: {
      repo: ada.did,
      collection: "app.bsky.actor.profile",
      rkey: "self",
      record: { $type: "app.bsky.actor.profile", displayName: "Ada" },
    },
  })),
  member("com.atproto.repo.applyWrites", ({ ada }) => ({
    input: {
      repo: ada.did,
      writes: [{ $type: "com.atproto.repo.applyWrites#create", collection: POST.$type, value: POST }],
    },
  })),
  member("com.atproto.repo.deleteRecord", ({ ada }) => ({
    input: { repo: ada.did, collection: POST.$type, rkey: "3zzzzzzzzzz22" },
  })),
  member("com.atproto.repo.uploadBlob", () => ({ input: Buffer.from("a blob"), type: "text/plain" })),
  member("com.atproto.server.createAppPassword", () => ({ input: { name: "table" } })),
  member("com.atproto.server.revokeAppPassword", () => ({ input: { name: "table" } })),
  anyone("com.atproto.server.createSession", ({ ada }) => ({
    input: { identifier: ada.handle, password: ada.password },
  })),
  anyone("com.atproto.server.reserveSigningKey", () => ({ input: {} })),
  admin("com.atproto.admin.disableAccountInvites", ({ ben }) => ({ input: { account: ben.did } })),
  admin("com.atproto.admin.enableAccountInvites", ({ ben }) => ({
    input: { account: ben.did, note: "fine" },
  })),
  admin("com.atproto.admin.disableInviteCodes", () => ({ input: { codes: ["none"], accounts: [] } })),
  admin("com.atproto.admin.sendEmail", ({ ben }) => ({
    input: { recipientDid: ben.did, senderDid: ben.did, content: "Hello", subject: "From the host" },
  })),
  admin("com.atproto.admin.updateAccountEmail", ({ ben }) => ({
    input: { account: ben.handle, email: "ben@new.example.com" },
  })),
  admin("com.atproto.admin.updateAccountHandle", ({ ben }) => ({
    input: { did: ben.did, handle: "benny.test" },
  })),
  admin("com.atproto.admin.updateAccountPassword", ({ ben }) => ({
    input: { did: ben.did, password: "new one" },
  })),
  admin("com.atproto.admin.updateSubjectStatus", ({ post: { uri, cid } }) => ({
    input: {
      subject: { $type: "com.atproto.repo.strongRef", uri, cid },
      takedown: { applied: true, ref: "1" },
    },
  })),
  admin("com.atproto.server.createInviteCode", () => ({ input: { useCount: 1 } })),
  admin("com.atproto.server.createInviteCodes", ({ ben }) => ({
    input: { codeCount: 2, useCount: 1, forAccounts: [ben.did] },
  })),
];

/** One account from its creation to its deletion; codes arrive by mail. */
export const LIFE: readonly Row[] = [
  // Without the setting NEIGHBOURS this host hears nobody.
  anyone(
    "com.atproto.sync.requestCrawl",
    () => ({ input: { hostname: "pds.example.com" } }),
    "501 MethodNotImplemented",
  ),
  row("nobody")("com.atproto.server.createAccount", ({ next }) => {
    const name = next();
    return { input: { handle: `${name}.test`, email: `${name}@example.com`, password: "some password" } };
  }),
  leaver("com.atproto.server.refreshSession", ({ leaver: { refreshJwt } }) => ({ token: refreshJwt })),
  leaver("com.atproto.server.requestEmailConfirmation"),
  leaver("com.atproto.server.confirmEmail", async ({ code, leaver: { email } }) => ({
    input: { email, token: await code(email) },
  })),
  leaver("com.atproto.server.requestEmailUpdate"),
  leaver("com.atproto.server.updateEmail", async ({ code, leaver: { email } }) => ({
    input: { email, token: await code(email) },
  })),
  anyone("com.atproto.server.requestPasswordReset", ({ keeper: { email } }) => ({ input: { email } })),
  // Of another member: a new password ends the sessions of its account.
  leaver("com.atproto.server.resetPassword", async ({ code, keeper: { email, password } }) => ({
    input: { token: await code(email), password },
  })),
  leaver("com.atproto.identity.updateHandle", () => ({ input: { handle: "leaving.test" } })),
  leaver("com.atproto.identity.requestPlcOperationSignature"),
  leaver("com.atproto.identity.signPlcOperation", async ({ code, leaver: { email } }) => ({
    input: { token: await code(email) },
  })),
  leaver("com.atproto.identity.submitPlcOperation", async ({ signedOperation }) => ({
    input: { operation: await signedOperation() },
  })),
  leaver("com.atproto.server.deactivateAccount", () => ({ input: {} })),
  leaver("com.atproto.repo.importRepo", async ({ archive }) => ({
    input: await archive(),
    type: "application/vnd.ipld.car",
  })),
  leaver("com.atproto.server.activateAccount"),
  leaver("com.atproto.server.requestAccountDelete"),
  leaver("com.atproto.server.deleteAccount", async ({ code, leaver: { did, email, password } }) => ({
    input: { did, password, token: await code(email) },
  })),
  leaver("com.atproto.server.deleteSession", ({ leaver: { refreshJwt } }) => ({ token: refreshJwt })),
  admin("com.atproto.admin.deleteAccount", ({ ben }) => ({ input: { did: ben.did } })),
];
