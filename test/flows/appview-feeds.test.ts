/** Feeds, threads, searches and pictures, as a client of a small community sees them. */
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { HOST_DID, ORIGIN, asAdmin, fetchHost, xrpc } from "../support/account-host.ts";
import { Person, type Ref, type View, anyone, didsOf } from "../support/appview-host.ts";

const GENERATOR = "did:web:feeds.example.org";
let ann: Person;
let bob: Person;
let cleo: Person;
const at: Record<string, Ref> = {};
const ref = (name: string): Ref => at[name] ?? { uri: "at://none", cid: "none" };
const uri = (name: string) => ref(name).uri;
const uris = (views: View[]): string[] => views.map((view) => view.uri ?? view.post.uri);
const named = (views: View[]): string[] =>
  uris(views).map((one) => Object.keys(at).find((name) => at[name]?.uri === one) ?? one);
const strong = ({ uri: of, cid }: Ref): Ref => ({ uri: of, cid });
const quote = (of: Ref) => ({ embed: { $type: "app.bsky.embed.record", record: strong(of) } });
const facet = (feature: object) => ({
  facets: [{ index: { byteStart: 0, byteEnd: 1 }, features: [feature] }],
});
const tag = (name: string) => facet({ $type: "app.bsky.richtext.facet#tag", tag: name });

/** Answers for the outside: one feed generator, whose requests are recorded in `asked`. */
let answer: (url: URL, headers: Headers) => Response = () => Response.json({ feed: [] });
const asked: { url: URL; method: string; headers: Headers; body: string }[] = [];
function outside(): void {
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    if (url.pathname === "/.well-known/did.json") {
      const service = {
        id: "#bsky_fg",
        type: "BskyFeedGenerator",
        serviceEndpoint: "https://feeds.example.org",
      };
      return Response.json({ id: GENERATOR, service: [service] });
    }
    const headers = new Headers(init?.headers);
    asked.push({ url, method: init?.method ?? "GET", headers, body: await new Response(init?.body).text() });
    return answer(url, headers);
  });
}

/** The claims of the token that a service was sent. */
function claimsOf(headers: Headers | undefined): unknown {
  const [, claims = ""] = (headers?.get("authorization") ?? "").split(".");
  return JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
}

beforeAll(async () => {
  [ann, bob, cleo] = await Promise.all([
    Person.join("annfeeds"),
    Person.join("bobfeeds"),
    Person.join("cleofeeds"),
  ]);
  await ann.write("app.bsky.actor.profile", { displayName: "Ann" }, "self");
  await ann.follow(bob);
  await bob.follow(ann);
  at.root = await ann.post("Gardens in spring", { langs: ["en-GB"], ...tag("Garden") });
  at.more = await ann.reply("and it goes on", ref("root"));
  at.reply = await bob.reply("lovely garden", ref("root"));
  at.hidden = await cleo.reply("buy my seeds", ref("root"));
  at.deep = await ann.reply("thank you", ref("reply"), ref("root"));
  at.pin = await cleo.reply("📌", ref("root"));
  at.quote = await cleo.post("see this", quote(ref("root")));
  at.link = await bob.post("a page about bees", {
    ...facet({ $type: "app.bsky.richtext.facet#link", uri: "https://www.example.com/bees?x=1" }),
  });
  at.tagged = await bob.post("busy bees", tag("garden"));
  at.cjk = await cleo.post("東京の庭はきれい");
  at.mention = await cleo.post("hey you", facet({ $type: "app.bsky.richtext.facet#mention", did: ann.did }));
  await bob.write("app.bsky.feed.like", { subject: strong(ref("root")) });
  await ann.write("app.bsky.feed.like", { subject: strong(ref("reply")) });
  await bob.write("app.bsky.feed.repost", { subject: strong(ref("quote")) });
  await ann.write(
    "app.bsky.feed.threadgate",
    { post: uri("root"), hiddenReplies: [uri("hidden")] },
    uri("root").split("/").at(-1),
  );
  at.feed = await bob.write("app.bsky.feed.generator", { did: GENERATOR, displayName: "Bees and gardens" });
  await ann.write("app.bsky.feed.like", { subject: strong(ref("feed")) });
});

afterEach(() => {
  vi.restoreAllMocks();
  asked.length = 0;
});

test("who quoted, reposted and liked a post; what one likes is one's own affair", async () => {
  expect(named((await anyone("app.bsky.feed.getQuotes", { uri: uri("root") })).posts)).toEqual(["quote"]);
  const { repostedBy } = await anyone("app.bsky.feed.getRepostedBy", { uri: uri("quote") });
  expect(didsOf(repostedBy)).toEqual([bob.did]);
  const { feed } = await ann.get("app.bsky.feed.getActorLikes", { actor: ann.member.handle });
  expect(named(feed)).toEqual(["reply"]);
  for (const who of [bob, null]) {
    const options = { params: { actor: ann.did } };
    const { body } = who
      ? await who.call("app.bsky.feed.getActorLikes", options)
      : await xrpc("app.bsky.feed.getActorLikes", options);
    expect(body).toMatchObject({ error: "InvalidRequest", message: "Profile not found" });
  }
  const block = await ann.block(cleo);
  expect((await bob.get("app.bsky.feed.getQuotes", { uri: uri("root") })).posts).toEqual([]);
  await ann.erase(block);
});

test("a thread: the author goes on first, then by the sort; what is hidden is asked for apart", async () => {
  const read = (who: Person | null, params: Record<string, string> = {}) => {
    const asking = { anchor: uri("root"), ...params };
    return who
      ? who.get("app.bsky.unspecced.getPostThreadV2", asking)
      : anyone("app.bsky.unspecced.getPostThreadV2", asking);
  };
  const { thread, hasOtherReplies, threadgate } = await read(bob);
  expect(named(thread)).toEqual(["root", "more", "reply", "deep"]);
  expect(thread.map(({ depth }: View) => depth)).toEqual([0, 1, 1, 2]);
  expect(thread[1].value).toMatchObject({ opThread: true, opThreadPostIndex: 2, opThreadPostCount: 2 });
  expect(thread[3].value).toMatchObject({ opThread: false });
  expect(thread[0].value.post.viewer.knownLikers).toBeUndefined();
  expect(
    (await ann.get("app.bsky.unspecced.getPostThreadV2", { anchor: uri("root") })).thread[0].value.post
      .viewer,
  ).toMatchObject({ knownLikers: { count: 1, actors: [{ did: bob.did }] } });
  expect(hasOtherReplies).toBe(true);
  expect(threadgate.record.hiddenReplies).toEqual([uri("hidden")]);
  const others = await ann.get("app.bsky.unspecced.getPostThreadOtherV2", { anchor: uri("root") });
  expect(named(others.thread)).toEqual(["pin", "hidden"]);
  expect(others.thread[1].value).toMatchObject({ hiddenByThreadgate: true, mutedByViewer: false });
  expect(named((await read(cleo)).thread)).toEqual(["root", "more", "hidden", "reply", "deep"]);

  const up = await anyone("app.bsky.unspecced.getPostThreadV2", { anchor: uri("deep") });
  expect(up.thread.map(({ depth }: View) => depth)).toEqual([-2, -1, 0]);
  expect(
    (await anyone("app.bsky.unspecced.getPostThreadV2", { anchor: uri("deep"), above: "false" })).thread,
  ).toHaveLength(1);
  expect((await read(null, { below: "1" })).thread).toHaveLength(3);
  const gone = await anyone("app.bsky.unspecced.getPostThreadV2", { anchor: `${uri("root")}x` });
  expect(gone.thread[0].value.$type).toBe("app.bsky.unspecced.defs#threadItemNotFound");

  await bob.write(
    "app.bsky.actor.profile",
    { labels: { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "!no-unauthenticated" }] } },
    "self",
  );
  expect(named((await read(null)).thread)).toEqual(["root", "more"]);
  const through = await anyone("app.bsky.unspecced.getPostThreadV2", { anchor: uri("deep") });
  expect(through.thread[1].value.$type).toBe("app.bsky.unspecced.defs#threadItemNoUnauthenticated");
  await bob.write("app.bsky.actor.profile", {}, "self");
});

test("where no thread is found, a member's PDS is told how far the index is, as where one is", async () => {
  const read = async (post: string) => {
    const { status, headers } = await ann.call("app.bsky.feed.getPostThread", { params: { uri: post } });
    return [status, headers.get("atproto-repo-rev")];
  };
  const [ok, rev] = await read(uri("root"));
  expect([ok, rev]).toEqual([200, expect.stringMatching(/^[2-7a-z]{13}$/)]);
  expect(await read(`${uri("root")}x`)).toEqual([400, rev]);
  const { headers } = await xrpc("app.bsky.feed.getPostThread", { params: { uri: `${uri("root")}x` } });
  expect(headers.has("atproto-repo-rev")).toBe(false);
});

test("a search: words by their beginnings, phrases, and every operator", async () => {
  const find = async (q: string, more: Record<string, string> = {}) =>
    named((await ann.get("app.bsky.feed.searchPosts", { q, ...more })).posts).toSorted();
  expect(await find("garden")).toEqual(["reply", "root"]);
  expect(await find('"lovely garden"')).toEqual(["reply"]);
  expect(await find('"garden lovely"')).toEqual([]);
  expect(await find("庭")).toEqual(["cjk"]);
  expect(await find("bees -page")).toEqual(["tagged"]);
  expect(await find("#garden")).toEqual(["root", "tagged"]);
  expect(await find(`from:${bob.member.handle} bees`)).toEqual(["link", "tagged"]);
  expect(await find("from:me garden")).toEqual(["root"]);
  expect(await find("garden", { author: bob.member.handle })).toEqual(["reply"]);
  expect(await find(`mentions:${ann.did}`)).toEqual(["mention"]);
  expect(await find("lang:en")).toEqual(["root"]);
  expect(await find("domain:example.com")).toEqual(["link"]);
  expect(await find("url:https://www.example.com/bees?x=1")).toEqual(["link"]);
  expect(await find("garden since:2100-01-01")).toEqual([]);
  expect(await find("garden until:2100-01-01")).toEqual(["reply", "root"]);
  expect(await find("from:nobody.test garden")).toEqual([]);
  expect(await find("!!!")).toEqual([]);
  expect(await find("garden", { tag: "garden" })).toEqual(["root"]);
  const top = await ann.get("app.bsky.feed.searchPosts", { q: "garden", sort: "top", limit: "1" });
  expect(named(top.posts)).toEqual(["root"]);
  expect(
    named(
      (await ann.get("app.bsky.feed.searchPosts", { q: "garden", sort: "top", cursor: top.cursor })).posts,
    ),
  ).toEqual(["reply"]);
  const first = await ann.get("app.bsky.feed.searchPosts", { q: "garden", limit: "1" });
  const second = await ann.get("app.bsky.feed.searchPosts", { q: "garden", cursor: first.cursor });
  expect([...named(first.posts), ...named(second.posts)]).toEqual(["reply", "root"]);
  expect(await ann.refused("app.bsky.feed.searchPosts", { params: { q: "x", cursor: "y" } })).toBe(
    "400 InvalidRequest: Malformed cursor",
  );
  const v2 = async (params: Record<string, string>) =>
    named((await ann.get("app.bsky.feed.searchPostsV2", params)).posts).toSorted();
  expect(await v2({ hashtags: "garden", excludeAuthors: ann.did })).toEqual(["tagged"]);
  expect(await v2({ query: "garden", repliesOnly: "true" })).toEqual(["reply"]);
  expect(await v2({ query: "bees", following: "true", sort: "recent" })).toEqual(["link", "tagged"]);
  expect(await v2({ embeddedAtUris: uri("root") })).toEqual(["quote"]);
  expect(await ann.refused("app.bsky.feed.searchPostsV2", {})).toMatch(/^400 InvalidRequest/);
});

test("a feed: chosen by its generator, who knows for whom, and seen with the viewer's eyes", async () => {
  outside();
  const mute = { actor: cleo.did };
  await ann.do("app.bsky.graph.muteActor", mute);
  answer = () =>
    Response.json({
      feed: [
        { post: uri("tagged"), feedContext: "why" },
        { post: uri("quote") },
        { post: `${uri("root")}x` },
        { post: uri("link"), reason: { $type: "app.bsky.feed.defs#skeletonReasonPin" } },
      ],
      cursor: "next",
      reqId: "r1",
    });
  const options = { params: { feed: uri("feed"), limit: "10" }, headers: { "accept-language": "de" } };
  const { body } = await ann.call("app.bsky.feed.getFeed", options);
  expect(body.cursor).toBe("next");
  expect(named(body.feed as View[])).toEqual(["tagged", "link"]);
  expect((body.feed as View[])[0]).toMatchObject({ feedContext: "why", reqId: "r1" });
  expect((body.feed as View[])[1].reason).toEqual({ $type: "app.bsky.feed.defs#reasonPin" });
  const call = asked.at(-1);
  expect(call?.url.href).toContain("https://feeds.example.org/xrpc/app.bsky.feed.getFeedSkeleton?feed=at%3A");
  expect(call?.headers.get("accept-language")).toBe("de");
  expect(claimsOf(call?.headers)).toMatchObject({
    iss: ann.did,
    aud: GENERATOR,
    lxm: "app.bsky.feed.getFeedSkeleton",
  });
  await ann.do("app.bsky.graph.unmuteActor", mute);
  await anyone("app.bsky.feed.getFeed", { feed: uri("feed") });
  expect(asked.at(-1)?.headers.get("authorization")).toBeNull();

  const refused = async (reply: () => Response) => {
    answer = reply;
    return ann.refused("app.bsky.feed.getFeed", { params: { feed: uri("feed") } });
  };
  expect(await refused(() => Response.json({ error: "UnknownFeed", message: "no" }, { status: 400 }))).toBe(
    "400 UnknownFeed: no",
  );
  expect(await refused(() => Response.json({ error: "Oops" }, { status: 500 }))).toBe("502 Oops: Oops");
  expect(await refused(() => new Response("<html>"))).toMatch(/^502 InvalidFeedResponse/);
  expect(await refused(() => Response.json({ feed: [{}] }))).toMatch(/^502 InvalidFeedResponse/);
  expect(await refused(() => Response.redirect("http://127.0.0.1/", 302))).toMatch(/^502/);
  const missing = { params: { feed: `${uri("feed")}x` } };
  expect(await ann.refused("app.bsky.feed.getFeed", missing)).toMatch(/^400 RecordNotFound/);
  expect((await xrpc("app.bsky.feed.getFeed", missing)).body).toMatchObject({
    message: "could not find feed",
  });
});

test("a record that is no feed is refused as the reference does, whoever asks for it as one", async () => {
  outside();
  const refused = (feed: string) => ann.refused("app.bsky.feed.getFeed", { params: { feed } });
  const like = await ann.write("app.bsky.feed.like", { subject: strong(ref("link")) });
  for (const record of [uri("root"), like.uri, `at://${ann.did}/app.bsky.actor.profile/self`]) {
    expect(await refused(record)).toBe("400 InvalidRequestError: could not resolve feed did");
    const { body } = await xrpc("app.bsky.feed.getFeed", { params: { feed: record } });
    expect(body).toMatchObject({ error: "InvalidRequest", message: "could not find feed" });
  }
  for (const nothing of [
    `${like.uri}x`,
    "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/x",
    `at://${ann.did}`,
  ]) {
    expect(await refused(nothing)).toMatch(/^400 RecordNotFound/);
  }
  await ann.erase(like);
  expect(asked).toEqual([]);
});

test("what members do with a feed's posts is told to its generator", async () => {
  outside();
  answer = () => Response.json({ taken: 1 });
  const event = "app.bsky.feed.defs#interactionLike";
  const interactions = [{ item: uri("link"), event, feedContext: "why", reqId: "r1" }];
  const nsid = "app.bsky.feed.sendInteractions";
  expect(await ann.do(nsid, { feed: uri("feed"), interactions })).toEqual({});
  const call = asked.at(-1);
  expect([call?.method, call?.url.href]).toEqual(["POST", `https://feeds.example.org/xrpc/${nsid}`]);
  expect(call?.headers.get("content-type")).toBe("application/json");
  expect(JSON.parse(call?.body ?? "")).toEqual({ feed: uri("feed"), interactions });
  expect(claimsOf(call?.headers)).toMatchObject({ iss: ann.did, aud: GENERATOR, lxm: nsid });
  // Clients name the generator in the header. The request is then passed on as it is.
  const input = { interactions: [{ item: uri("link"), event: "com.example#odd" }] };
  const headers = { "atproto-proxy": `${GENERATOR}#bsky_fg` };
  expect((await ann.call(nsid, { input, headers })).body).toEqual({ taken: 1 });
  expect(claimsOf(asked.at(-1)?.headers)).toMatchObject({ iss: ann.did, aud: GENERATOR, lxm: nsid });

  const told = asked.length;
  const refused = (body: object) => ann.refused(nsid, { input: body });
  expect(await refused({ interactions })).toMatch(/^400 InvalidRequest: Name the feed/);
  expect(await refused({ feed: uri("root"), interactions })).toMatch(/^400 InvalidRequestError/);
  expect(await refused({ feed: `${uri("feed")}x`, interactions })).toMatch(/^400 RecordNotFound/);
  expect((await xrpc(nsid, { input: { feed: uri("feed"), interactions } })).status).toBe(401);
  // The host's own feeds have no generator elsewhere.
  const own = `at://${HOST_DID}/app.bsky.feed.generator/whats-new`;
  expect(await ann.do(nsid, { feed: own, interactions })).toEqual({});
  expect(asked).toHaveLength(told);
  answer = () => Response.json({ error: "NotNow", message: "busy" }, { status: 503 });
  expect(await refused({ feed: uri("feed"), interactions })).toBe("503 NotNow: busy");
  answer = () => Response.redirect("http://127.0.0.1/", 302);
  expect(await refused({ feed: uri("feed"), interactions })).toMatch(/^502/);
});

test("feeds as things to choose", async () => {
  outside();
  const one = await ann.get("app.bsky.feed.getFeedGenerator", { feed: uri("feed") });
  expect(one).toMatchObject({
    isOnline: true,
    isValid: true,
    view: { likeCount: 1, viewer: { like: /^at:/ } },
  });
  const many = await anyone("app.bsky.feed.getFeedGenerators", { feeds: [uri("feed"), `${uri("feed")}x`] });
  expect(named(many.feeds)).toEqual(["feed"]);
  expect(named((await anyone("app.bsky.feed.getActorFeeds", { actor: bob.member.handle })).feeds)).toEqual([
    "feed",
  ]);
  for (const nsid of [
    "app.bsky.feed.getSuggestedFeeds",
    "app.bsky.unspecced.getSuggestedFeeds",
    "app.bsky.unspecced.getPopularFeedGenerators",
  ]) {
    expect(named((await anyone(nsid)).feeds), nsid).toEqual(["feed"]);
  }
  expect((await anyone("app.bsky.unspecced.getPopularFeedGenerators", { query: "cats" })).feeds).toEqual([]);

  // A newer feed comes first among its maker's, and after a liked one among all. Deleting it removes it.
  at.dull = await bob.write("app.bsky.feed.generator", { did: GENERATOR, displayName: "Dull" });
  const listed = async () => {
    const [made, liked] = await Promise.all([
      anyone("app.bsky.feed.getActorFeeds", { actor: bob.did }),
      anyone("app.bsky.feed.getSuggestedFeeds"),
    ]);
    return [named(made.feeds), named(liked.feeds)];
  };
  expect(await listed()).toEqual([
    ["dull", "feed"],
    ["feed", "dull"],
  ]);
  const page = { actor: bob.did, limit: "1" };
  const { cursor } = await anyone("app.bsky.feed.getActorFeeds", page);
  expect(named((await anyone("app.bsky.feed.getActorFeeds", { ...page, cursor })).feeds)).toEqual(["feed"]);
  await bob.erase(ref("dull"));
  expect(await listed()).toEqual([["feed"], ["feed"]]);
  const gone = { params: { feed: uri("dull") } };
  expect(await ann.refused("app.bsky.feed.getFeedGenerator", gone)).toBe(
    "400 InvalidRequest: could not find feed",
  );
});

test("the feed of a list has its members' posts, and no reposts", async () => {
  const list = await ann.list("gardeners", "curatelist");
  await ann.enlist(list, bob);
  const { feed } = await anyone("app.bsky.feed.getListFeed", { list: list.uri });
  expect(named(feed)).toEqual(["tagged", "link", "reply"]);
  const first = await anyone("app.bsky.feed.getListFeed", { list: list.uri, limit: "2" });
  const rest = await anyone("app.bsky.feed.getListFeed", { list: list.uri, cursor: first.cursor });
  expect(named([...first.feed, ...rest.feed])).toEqual(["tagged", "link", "reply"]);
});

test("a block hides in searches, likes, trends and the feeds of lists; a mute in the feeds only", async () => {
  const list = await cleo.list("bees", "curatelist");
  await cleo.enlist(list, bob);
  const seen = async () => {
    const [one, two, likes, trends, feed] = await Promise.all([
      ann.get("app.bsky.feed.searchPosts", { q: "bees" }),
      ann.get("app.bsky.feed.searchPostsV2", { query: "bees", sort: "recent" }),
      ann.get("app.bsky.feed.getActorLikes", { actor: ann.did }),
      ann.get("app.bsky.unspecced.getTrends"),
      ann.get("app.bsky.feed.getListFeed", { list: list.uri }),
    ]);
    const posts = [one.posts, two.posts, likes.feed, feed.feed].map(named);
    return { posts, talking: didsOf(trends.trends[0].actors) };
  };
  const bees = ["tagged", "link"];
  const all = await seen();
  expect(all.posts).toEqual([bees, bees, ["reply"], [...bees, "reply"]]);
  expect(all.talking).toContain(bob.did);
  await ann.do("app.bsky.graph.muteActor", { actor: bob.did });
  expect(await seen()).toEqual({ ...all, posts: [bees, bees, ["reply"], []] });
  await ann.do("app.bsky.graph.unmuteActor", { actor: bob.did });
  const block = await bob.block(ann);
  expect(await seen()).toEqual({ posts: [[], [], [], []], talking: [ann.did] });
  await bob.erase(block);
});

test("what the community suggests and talks about is its own", async () => {
  expect(await anyone("app.bsky.unspecced.getConfig")).toMatchObject({ checkEmailConfirmed: false });
  const { trends } = await ann.get("app.bsky.unspecced.getTrends");
  expect(trends).toMatchObject([{ postCount: 2, link: expect.stringMatching(/^\/hashtag\/garden$/i) }]);
  expect(didsOf(trends[0].actors).toSorted()).toEqual([ann.did, bob.did].toSorted());
  const { topics, suggested } = await anyone("app.bsky.unspecced.getTrendingTopics");
  expect(topics).toMatchObject([{ topic: expect.stringMatching(/^garden$/i) }]);
  expect(suggested).toMatchObject([{ topic: "Bees and gardens" }]);
  // Suggestions leave out accounts that the viewer already follows or mutes.
  const suggesting = [
    "app.bsky.unspecced.getSuggestedUsers",
    "app.bsky.unspecced.getSuggestedUsersForDiscover",
    "app.bsky.unspecced.getSuggestedUsersForExplore",
    "app.bsky.unspecced.getSuggestedUsersForSeeMore",
    "app.bsky.unspecced.getSuggestedOnboardingUsers",
  ];
  const people = async () =>
    Promise.all(suggesting.map(async (nsid) => didsOf((await ann.get(nsid)).actors)));
  expect(await people()).toEqual(suggesting.map(() => [cleo.did]));
  await ann.do("app.bsky.graph.muteActor", { actor: cleo.did });
  expect(await people()).toEqual(suggesting.map(() => []));
  await ann.do("app.bsky.graph.unmuteActor", { actor: cleo.did });
  const { suggestions } = await anyone("app.bsky.unspecced.getTaggedSuggestions");
  expect(suggestions).toContainEqual({ tag: "popular", subjectType: "feed", subject: uri("feed") });
  expect(await anyone("app.bsky.unspecced.getSuggestedStarterPacks")).toEqual({ starterPacks: [] });
});

test("pictures by the names that views give them, while nobody hid them", async () => {
  const bytes = Uint8Array.from(
    atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="),
    (c) => c.charCodeAt(0),
  );
  const upload = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
    method: "POST",
    headers: { authorization: ann.member.auth, "content-type": "image/png" },
    body: bytes,
  });
  const { blob } = await upload.json<{ blob: { ref: { $link: string } } }>();
  await ann.write("app.bsky.actor.profile", { displayName: "Ann", avatar: blob }, "self");
  const { avatar } = await anyone("app.bsky.actor.getProfile", { actor: ann.did });
  expect(avatar).toMatch(new RegExp(`^${ORIGIN}/img/avatar/plain/${ann.did}/`));
  const path = new URL(avatar).pathname;
  const blobPath = `/blob/${ann.did}/${blob.ref.$link}`;
  // social-app requests this one for small avatars.
  const small = path.replace("/img/avatar/", "/img/avatar_thumbnail/");
  for (const one of [path, path, small, blobPath]) {
    const picture = await fetchHost(one);
    expect(picture.status, one).toBe(200);
    expect(picture.headers.get("content-type")).toBe("image/png");
    expect(picture.headers.get("cache-control")).toMatch(/max-age=31536000/);
    expect(picture.headers.get("x-content-type-options")).toBe("nosniff");
    expect(new Uint8Array(await picture.arrayBuffer())).toEqual(bytes);
  }
  const status = async (at: string) => (await fetchHost(at)).status;
  expect(await status(path.replace("avatar", "poster"))).toBe(400);
  expect(await status(path.replace("@jpeg", "@gif"))).toBe(400);
  expect(await status(path.replace(ann.did, "nobody"))).toBe(400);
  expect(await status(path.replace(ann.did, bob.did))).toBe(404);
  expect(await status(`/watch/${ann.did}/${blob.ref.$link}/playlist.m3u8`)).toBe(404);
  await asAdmin("com.atproto.admin.updateSubjectStatus", {
    input: {
      subject: { $type: "com.atproto.admin.defs#repoBlobRef", did: ann.did, cid: blob.ref.$link },
      takedown: { applied: true },
    },
  });
  expect([await status(path), await status(small), await status(blobPath)]).toEqual([404, 404, 404]);
});

test("the index is rebuilt on request, shows how far it is, and then what it showed before", async () => {
  const read = () => ann.call("app.bsky.feed.getTimeline");
  const before = await read();
  expect(before.headers.get("atproto-repo-rev")).toMatch(/^[2-7a-z]{13}$/);
  const json = (await (await fetchHost("/status")).json()) as View;
  expect(json.index).toMatchObject({ lag: 0, error: null, poisoned: { count: 0 }, rebuild: null });
  expect(json.index.cursor).toBe(json.firehose.seq);
  const refused = await ann.refused("internal.atoll.admin.rebuildIndex", { input: { restart: false } });
  expect(refused).toMatch(/^40[13]/);
  let state: View;
  do {
    const { status, body } = await asAdmin("internal.atoll.admin.rebuildIndex", {
      input: { restart: false },
    });
    expect(status).toBe(200);
    state = body.rebuild;
  } while (state.phase !== "done");
  expect(await read()).toMatchObject({ status: 200, body: before.body });
  expect(named((await anyone("app.bsky.feed.searchPosts", { q: "garden" })).posts)).toEqual([
    "reply",
    "root",
  ]);
  const page = await fetchHost("/status", { headers: { accept: "text/html" } });
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);
  expect(await page.text()).toMatch(/Rebuild<\/dt><dd>done/);
});
