/**
 * Ten minutes in a client: the official agent in a browser, as a fork of the official app uses it, with this
 * host as its AppView. First come the calls that such a client makes at sign-in, then those of what the
 * member looks at. Every answer matches its lexicon, and nothing is refused.
 */
import { AtpAgent } from "@atproto/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Browser } from "./client/browser.ts";
import { outputProblem } from "./client/lexicons.ts";
import { LOOKING, SIGN_IN } from "./client/called.ts";
import { buildHarbour, type Harbour } from "./client/harbour.ts";
import { type ClientMember, appviewOf, call, openClient, walk } from "./client/member.ts";

let harbour: Harbour;
let maya: ClientMember;

beforeAll(async () => {
  harbour = await buildHarbour();
  maya = await openClient(harbour.network, "maya");
}, 120_000);
afterAll(() => harbour.network.dispose());

/** The methods called since `mark`, each once, and everything odd about those calls. */
function seen({ browser }: ClientMember, mark = 0) {
  const exchanges = browser.since(mark);
  return {
    methods: new Set(exchanges.map(({ nsid }) => nsid)),
    odd: exchanges
      .filter(({ status, problem }) => status !== 200 || problem !== null)
      .map(({ nsid, status, problem }) => `${nsid}: ${status} ${problem ?? ""}`),
  };
}

describe("signing in", () => {
  test("the host proves that it is the AppView whose address was given", async () => {
    const { url, did } = harbour.network.host();
    const answer = await new Browser().fetch(`${url}/.well-known/did.json`);
    const document = (await answer.json()) as { id: string };
    expect(document).toMatchObject({
      id: `did:web:${new URL(url).host.replace(":", "%3A")}`,
      service: expect.arrayContaining([
        { id: "#bsky_appview", type: "BskyAppView", serviceEndpoint: url },
        { id: "#bsky_notif", type: "BskyNotificationService", serviceEndpoint: url },
      ]),
    });
    expect(document.id).toBe(did);
  });

  test("the account, what it prefers, and what it has allowed", async () => {
    const { agent, did } = maya;
    const { server, identity } = agent.com.atproto;
    await server.describeServer();
    expect((await server.getSession()).data).toMatchObject({ did, handle: "maya.test", active: true });
    expect((await server.getAccountInviteCodes()).data.codes).toEqual([]);
    expect((await identity.resolveHandle({ handle: "maya.test" })).data).toEqual({ did });
    const lxm = "app.bsky.video.getUploadLimits";
    await server.getServiceAuth({ aud: "did:web:video.bsky.app", lxm });
    await agent.overwriteSavedFeeds([
      { id: "a", type: "timeline", value: "following", pinned: true },
      { id: "b", type: "feed", value: harbour.uris.feed, pinned: true },
      { id: "c", type: "list", value: harbour.uris.boats, pinned: true },
    ]);
    await agent.setPersonalDetails({ birthDate: "1990-05-04T00:00:00.000Z" });
    await agent.setContentLabelPref("nudity", "hide");
    const preferences = await agent.getPreferences();
    expect(preferences.savedFeeds.map(({ value }) => value)).toEqual([
      "following",
      harbour.uris.feed,
      harbour.uris.boats,
    ]);
    expect(preferences.birthDate?.toISOString()).toBe("1990-05-04T00:00:00.000Z");
  });

  test("the people it shows at once, its labelers and its rules", async () => {
    const { agent, did } = maya;
    const dids = await Promise.all(
      ["otto", "ines", "kofi"].map(async (name) => (await harbour.network.account(name)).did),
    );
    const { data: own } = await agent.getProfile({ actor: did });
    expect(own).toMatchObject({ did, postsCount: expect.any(Number), viewer: { muted: false } });
    const { data: others } = await agent.getProfiles({ actors: [did, ...dids] });
    expect(others.profiles.map((profile) => profile.did)).toEqual([did, ...dids]);
    agent.configureLabelers([harbour.labeler]);
    const { data } = await agent.app.bsky.labeler.getServices({ dids: [harbour.labeler], detailed: true });
    expect(data.views).toMatchObject([
      { creator: { did: harbour.labeler }, policies: { labelValues: ["rude", "!hide"] } },
    ]);
    const heard = await agent.getLabelDefinitions({
      moderationPrefs: { labelers: [{ did: harbour.labeler, labels: {} }] },
    } as never);
    expect(Object.keys(heard)).toEqual([harbour.labeler]);
    await agent.app.bsky.unspecced.getConfig();
    await agent.app.bsky.ageassurance.getConfig();
    const state = await agent.app.bsky.ageassurance.getState({ countryCode: "DE", regionCode: "BE" });
    expect(state.data.state.status).toBe("unknown");
  });

  test("its feeds, lists and notifications", async () => {
    const { agent } = maya;
    const { app } = agent;
    const { feed, boats } = harbour.uris;
    expect((await app.bsky.feed.getFeedGenerators({ feeds: [feed] })).data.feeds).toMatchObject([
      { uri: feed },
    ]);
    expect((await app.bsky.graph.getList({ list: boats, limit: 1 })).data.list).toMatchObject({
      uri: boats,
      listItemCount: 4,
    });
    await agent.getTimeline({ limit: 1 });
    expect((await agent.getTimeline({ limit: 30 })).data.feed.length).toBe(30);
    expect((await app.bsky.feed.getFeed({ feed, limit: 30 })).data.feed.length).toBe(10);
    await app.bsky.graph.getListMutes({ limit: 100 });
    await app.bsky.graph.getListBlocks({ limit: 100 });
    await app.bsky.notification.getPreferences();
    await app.bsky.notification.listActivitySubscriptions({ limit: 100 });
    const { data: unread } = await app.bsky.notification.getUnreadCount({});
    const { data: told } = await app.bsky.notification.listNotifications({ limit: 40 });
    expect(told.notifications.length).toBe(40);
    expect(unread.count).toBeGreaterThan(0);
    const { data: talk } = await app.bsky.notification.listNotifications({
      limit: 40,
      reasons: ["mention", "reply", "quote"],
    });
    expect(new Set(talk.notifications.map(({ reason }) => reason))).not.toContain("like");
  });

  test("asks everything that such a client asks, and meets nothing odd", () => {
    const profile = { did: maya.did, handle: "maya.test" };
    expect(outputProblem("app.bsky.actor.getProfile", profile)).toBeNull();
    expect(outputProblem("app.bsky.actor.getProfile", { ...profile, indexedAt: "yesterday" })).not.toBeNull();
    const { methods, odd } = seen(maya);
    expect(odd).toEqual([]);
    expect(SIGN_IN.filter((nsid) => !methods.has(nsid))).toEqual([]);
    const proxied = maya.browser.since().filter(({ nsid }) => nsid.startsWith("app.bsky."));
    expect(proxied.every(({ headers }) => headers.get("atproto-proxy") === appviewOf(harbour.network))).toBe(
      true,
    );
    expect(proxied.at(-1)?.headers.get("atproto-accept-labelers")).toContain(harbour.labeler);
  });

  test("chat, for which nobody is there, fails softly", async () => {
    const mark = maya.browser.exchanges.length;
    const chat = { headers: { "atproto-proxy": "did:web:api.bsky.chat#bsky_chat" } };
    const { convo } = maya.agent.chat.bsky;
    await expect(convo.listConvos({ limit: 20, status: "accepted" }, chat)).rejects.toThrow();
    await expect(convo.getLog({}, chat)).rejects.toThrow();
    await expect(convo.getConvoAvailability({ members: [maya.did] }, chat)).rejects.toThrow();
    await call(maya, "chat.bsky.convo.getUnreadCounts", {}, chat.headers);
    const answers = maya.browser.since(mark);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect(answers.every(({ problem }) => problem === null)).toBe(true);
    // The session has survived.
    expect(answers.some(({ nsid }) => nsid.includes("refreshSession"))).toBe(false);
  });
});

describe("looking around", () => {
  let mark = 0;
  beforeAll(() => {
    mark = maya.browser.exchanges.length;
  });

  const postsOf = (feed: readonly { post: { uri: string }; reason?: object | undefined }[]) =>
    feed.map(({ post, reason }) => `${post.uri} ${JSON.stringify(reason) ?? ""}`);

  test("the timeline and the feed, to their ends, whatever the size of a page", async () => {
    const { agent } = maya;
    const timeline = (limit: number) =>
      walk(
        async (cursor) => {
          const { data } = await agent.getTimeline({ limit, ...(cursor === undefined ? {} : { cursor }) });
          return { items: postsOf(data.feed), cursor: data.cursor };
        },
        (item) => item,
      );
    const large = await timeline(100);
    expect(large.length).toBeGreaterThan(100);
    expect(await timeline(30)).toEqual(large);
    const feed = await walk(
      async (cursor) => {
        const params = { feed: harbour.uris.feed, limit: 30, ...(cursor === undefined ? {} : { cursor }) };
        const { data } = await agent.app.bsky.feed.getFeed(params);
        return { items: postsOf(data.feed), cursor: data.cursor };
      },
      (item) => item,
    );
    expect(feed.length).toBe(25);
    const { data: boats } = await agent.app.bsky.graph.getList({ list: harbour.uris.boats, limit: 30 });
    expect(boats.items.map(({ subject }) => subject.handle)).toHaveLength(4);
    const { data } = await agent.app.bsky.feed.getListFeed({ list: harbour.uris.boats, limit: 100 });
    expect(new Set(data.feed.map(({ post }) => post.author.handle))).toEqual(
      new Set(["kofi.test", "sanna.test", "theo.test", "lars.test"]),
    );
  });

  test("a profile: every tab of it", async () => {
    const { agent } = maya;
    for (const filter of [
      "posts_and_author_threads",
      "posts_with_replies",
      "posts_no_replies",
      "posts_with_media",
      "posts_with_video",
    ]) {
      const posts = await walk(
        async (cursor) => {
          const params = { actor: "otto.test", filter, limit: 30, includePins: true };
          const { data } = await agent.getAuthorFeed({
            ...params,
            ...(cursor === undefined ? {} : { cursor }),
          });
          return { items: postsOf(data.feed), cursor: data.cursor };
        },
        (item) => item,
      );
      if (filter === "posts_with_replies") expect(posts.length).toBeGreaterThan(5);
    }
    const liked = await agent.app.bsky.feed.getActorLikes({ actor: maya.did, limit: 50 });
    expect(liked.data.feed.length).toBeGreaterThan(0);
    const { data: lists } = await agent.app.bsky.graph.getLists({ actor: "otto.test", limit: 30 });
    expect(lists.lists.map(({ name }) => name)).toEqual(["Boats"]);
    const { data: packs } = await agent.app.bsky.graph.getActorStarterPacks({
      actor: "sanna.test",
      limit: 10,
    });
    expect(packs.starterPacks).toMatchObject([{ uri: harbour.uris.pack }]);
    const { data: pack } = await agent.app.bsky.graph.getStarterPack({ starterPack: harbour.uris.pack });
    expect(pack.starterPack.listItemsSample).toHaveLength(3);
    const { data: feeds } = await agent.app.bsky.feed.getActorFeeds({ actor: "kofi.test", limit: 50 });
    expect(feeds.feeds).toMatchObject([{ uri: harbour.uris.feed }]);
    const { data: feed } = await agent.app.bsky.feed.getFeedGenerator({ feed: harbour.uris.feed });
    expect(feed).toMatchObject({ isOnline: true, isValid: true });
  });

  test("people: followers, follows, known followers, those alike, those muted and blocked", async () => {
    const { graph } = maya.agent.app.bsky;
    const actor = "otto.test";
    const { data: profile } = await maya.agent.getProfile({ actor });
    const handlesOf = (people: readonly { handle: string }[]) => people.map(({ handle }) => handle);
    const followers = await walk(
      async (cursor) => {
        const { data } = await graph.getFollowers({
          actor,
          limit: 3,
          ...(cursor === undefined ? {} : { cursor }),
        });
        return { items: handlesOf(data.followers), cursor: data.cursor };
      },
      (item) => item,
    );
    expect(followers.length).toBe(profile.followersCount);
    const follows = await walk(
      async (cursor) => {
        const { data } = await graph.getFollows({
          actor,
          limit: 3,
          ...(cursor === undefined ? {} : { cursor }),
        });
        return { items: handlesOf(data.follows), cursor: data.cursor };
      },
      (item) => item,
    );
    expect(follows.length).toBe(profile.followsCount);
    await maya.agent.getProfiles({ actors: followers });
    await graph.getKnownFollowers({ actor, limit: 50 });
    expect((await graph.getSuggestedFollowsByActor({ actor })).data.suggestions.length).toBeGreaterThan(0);
    expect((await graph.getMutes({ limit: 30 })).data.mutes).toEqual([]);
    expect((await graph.getBlocks({ limit: 30 })).data.blocks).toEqual([]);
  });

  test("a thread in each order and each shape, and who liked, shared and quoted it", async () => {
    const { agent } = maya;
    const { data: found } = await agent.app.bsky.feed.searchPosts({ q: "harbour", sort: "top", limit: 25 });
    const busiest = found.posts.toSorted((a, b) => (b.replyCount ?? 0) - (a.replyCount ?? 0))[0];
    const uri = busiest?.uri ?? "";
    for (const sort of ["newest", "oldest", "top"]) {
      for (const shape of [
        { below: 10, branchingFactor: 1 },
        { below: 4 },
        { above: true, below: 20, branchingFactor: 100 },
      ]) {
        const { data } = await agent.app.bsky.unspecced.getPostThreadV2({ anchor: uri, sort, ...shape });
        expect(data.thread.find(({ depth }) => depth === 0)).toMatchObject({ uri });
      }
    }
    await agent.app.bsky.unspecced.getPostThreadOtherV2({ anchor: uri });
    await agent.getPostThread({ uri, depth: 6, parentHeight: 80 });
    const { data: posts } = await agent.getPosts({ uris: found.posts.slice(0, 25).map((post) => post.uri) });
    expect(posts.posts).toHaveLength(found.posts.length);
    const most = (count: "likeCount" | "repostCount" | "quoteCount") =>
      posts.posts.toSorted((a, b) => (b[count] ?? 0) - (a[count] ?? 0))[0];
    const [liked, shared, quoted] = [most("likeCount"), most("repostCount"), most("quoteCount")];
    const { data: likes } = await agent.getLikes({ uri: liked?.uri ?? "", limit: 30 });
    expect(likes.likes).toHaveLength(liked?.likeCount ?? 0);
    const { data: reposts } = await agent.getRepostedBy({ uri: shared?.uri ?? "", limit: 30 });
    expect(reposts.repostedBy).toHaveLength(shared?.repostCount ?? 0);
    const { data: quotes } = await agent.app.bsky.feed.getQuotes({ uri: quoted?.uri ?? "", limit: 30 });
    expect(quotes.posts).toHaveLength(quoted?.quoteCount ?? 0);
  });

  test("the search, and what it suggests", async () => {
    const { agent } = maya;
    const { unspecced, actor } = agent.app.bsky;
    expect((await agent.searchActorsTypeahead({ q: "Ott", limit: 8 })).data.actors).toMatchObject([
      { handle: "otto.test" },
    ]);
    expect((await actor.searchActors({ q: "otto", limit: 25 })).data.actors.length).toBeGreaterThan(0);
    for (const sort of ["top", "recent"]) {
      const posts = await walk<{ uri: string }>(
        async (cursor) => {
          const params = { query: "the", sort, limit: 25, ...(cursor === undefined ? {} : { cursor }) };
          type Found = { posts: { uri: string }[]; cursor?: string };
          const { data } = await call<Found>(maya, "app.bsky.feed.searchPostsV2", params);
          return { items: data.posts, cursor: data.cursor };
        },
        ({ uri }) => uri,
      );
      expect(posts.length).toBeGreaterThan(50);
    }
    expect((await unspecced.getPopularFeedGenerators({ limit: 10 })).data.feeds).toMatchObject([
      { uri: harbour.uris.feed },
    ]);
    expect((await unspecced.getPopularFeedGenerators({ limit: 10, query: "tide" })).data.feeds).toHaveLength(
      1,
    );
    expect(
      (await unspecced.getPopularFeedGenerators({ limit: 10, query: "nothing like it" })).data.feeds,
    ).toEqual([]);
    await unspecced.getSuggestedFeeds({ limit: 10 });
    expect((await unspecced.getSuggestedStarterPacks({ limit: 10 })).data.starterPacks).toHaveLength(1);
    expect(
      (await unspecced.getSuggestedUsersForExplore({ category: "all", limit: 25 })).data.actors.length,
    ).toBeGreaterThan(0);
    await unspecced.getTrends({ limit: 5 });
    await unspecced.getTrendingTopics({ limit: 14 });
  });

  test("all notifications, and everything of one's own", async () => {
    const { agent, did } = maya;
    const told = await walk(
      async (cursor) => {
        const { data } = await agent.listNotifications({
          limit: 40,
          ...(cursor === undefined ? {} : { cursor }),
        });
        return { items: data.notifications, cursor: data.cursor };
      },
      ({ uri, reason }) => `${uri} ${reason}`,
    );
    expect(told.length).toBeGreaterThan(40);
    const collection = "app.bsky.feed.post";
    const records = await walk(
      async (cursor) => {
        const params = { repo: did, collection, limit: 10, ...(cursor === undefined ? {} : { cursor }) };
        const { data } = await agent.com.atproto.repo.listRecords(params);
        return { items: data.records, cursor: data.cursor };
      },
      ({ uri }) => uri,
    );
    const [first] = records;
    const rkey = first?.uri.split("/").at(-1) ?? "";
    expect((await agent.com.atproto.repo.getRecord({ repo: "maya.test", collection, rkey })).data.cid).toBe(
      first?.cid,
    );
    expect((await agent.com.atproto.sync.getRepo({ did })).data.byteLength).toBeGreaterThan(1_000);
    expect((await agent.resolveHandle({ handle: "zola.test" })).data.did).toBe(
      (await harbour.network.account("zola")).did,
    );
  });

  test("called everything that such a client calls, and met nothing odd", () => {
    const { methods, odd } = seen(maya, mark);
    expect(odd).toEqual([]);
    expect(LOOKING.filter((nsid) => !methods.has(nsid))).toEqual([]);
  });
});

describe("without an account", () => {
  test("a page of another origin reads profiles, posts, threads and handles directly", async () => {
    const browser = new Browser();
    const agent = new AtpAgent({ service: harbour.network.url, fetch: browser.fetch });
    const { data: profile } = await agent.getProfile({ actor: "MAYA.test" });
    expect(profile).toMatchObject({ did: maya.did, handle: "maya.test" });
    expect(profile).not.toHaveProperty("viewer.muted");
    const { data } = await agent.getAuthorFeed({ actor: maya.did, filter: "posts_and_author_threads" });
    const anchor = data.feed[0]?.post.uri ?? "";
    await agent.app.bsky.unspecced.getPostThreadV2({ anchor });
    await agent.app.bsky.feed.getFeed({ feed: harbour.uris.feed, limit: 10 });
    expect((await agent.resolveHandle({ handle: "maya.test" })).data.did).toBe(maya.did);
    expect(browser.since().filter(({ status, problem }) => status !== 200 || problem !== null)).toEqual([]);
  });
});
