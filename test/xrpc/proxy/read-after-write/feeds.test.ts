/** Where a member's own new posts stand in a page of a feed, and under which name. */
import { describe, expect, test } from "vitest";
import type { AppBskyFeedPost } from "@atcute/bluesky";
import {
  passesFilter,
  postsOnPage,
  withOwnNames,
  withPosts,
} from "../../../../src/xrpc/proxy/read-after-write/feeds.ts";
import { postView } from "../../../../src/xrpc/proxy/read-after-write/posts.ts";
import { DID, OLD, OTHER, PICTURE, at, blob, post, profile, unseen, unseenOrNull, uriOf } from "./unseen.ts";

/** An item of the AppView's: another's post, indexed at a time of day. */
const item = (time: string, more: object = {}) => ({
  post: { uri: uriOf(`theirs-${time}`, OTHER), author: { did: OTHER }, indexedAt: at(time) },
  ...more,
});
const reposted = (time: string, original: string) =>
  item(original, { reason: { $type: "app.bsky.feed.defs#reasonRepost", indexedAt: at(time) } });
const pinned = (time: string) => item(time, { reason: { $type: "app.bsky.feed.defs#reasonPin" } });

describe("a page gets the posts of its time", () => {
  const items = [item("12:00"), item("11:00"), item("10:00")];
  const first = { continues: false, isLast: false };
  const next = { continues: true, isLast: false };
  const last = { continues: true, isLast: true };
  const only = { continues: false, isLast: true };

  test.each<[what: string, page: object, time: string, isOn: boolean]>([
    ["the first", first, "13:00", true],
    ["the first", first, "11:30", true],
    ["the first", first, "10:00", false],
    ["the first", first, "09:00", false],
    ["a later one", next, "13:00", false],
    ["a later one", next, "12:00", false],
    ["a later one", next, "11:59", true],
    ["a later one", next, "10:01", true],
    ["a later one", next, "09:00", false],
    ["the last", last, "13:00", false],
    ["the last", last, "09:00", true],
    ["the only one", only, "13:00", true],
    ["the only one", only, "09:00", true],
  ])("%s, %j, has one of %s: %s", (_, page, time, isOn) => {
    const { posts } = unseen([post(time)]);
    const found = postsOnPage({ items, ...first, ...page }, posts);
    expect(found.map(({ uri }) => uri)).toEqual(isOn ? [uriOf(time.replace(":", ""))] : []);
  });

  test("so that of pages that follow each other each post is on just one", () => {
    const { posts } = unseen(["09:30", "10:30", "11:30", "12:30", "13:30"].map((time) => post(time)));
    const pages = [
      { items: [item("13:00"), item("12:00")], ...first },
      { items: [item("12:00"), item("11:00")], ...next },
      { items: [item("11:00"), item("10:00")], ...last },
    ];
    const shown = pages.flatMap((page) => postsOnPage(page, posts).map(({ record }) => record.text));
    expect(shown.toSorted()).toEqual(["09:30", "10:30", "11:30", "12:30", "13:30"]);
  });

  test("an empty first page has none unless it is the last as well", () => {
    const { posts } = unseen([post("13:00")]);
    expect(postsOnPage({ items: [], ...first }, posts)).toHaveLength(1);
    expect(postsOnPage({ items: [], ...only }, posts)).toHaveLength(1);
    expect(postsOnPage({ items: [], ...last }, posts)).toHaveLength(0);
  });

  test("a post that the AppView shows already is not shown twice", () => {
    const { posts } = unseen([post("13:00")]);
    const known = { post: { uri: uriOf("1300"), indexedAt: at("13:00") } };
    expect(postsOnPage({ items: [known, ...items], ...first }, posts)).toEqual([]);
  });

  test("a pinned post at the top says nothing about the time of what follows", () => {
    const { posts } = unseen([post("13:00"), post("08:00")]);
    const page = { items: [pinned("01:00"), ...items], ...first };
    expect(postsOnPage(page, posts).map(({ record }) => record.text)).toEqual(["13:00"]);
    expect(postsOnPage({ ...page, ...next }, posts)).toEqual([]);
  });

  test("a repost counts by when it was reposted, and what has no time by none", () => {
    const { posts } = unseen([post("10:30")]);
    expect(postsOnPage({ items: [reposted("11:00", "01:00")], ...first }, posts)).toEqual([]);
    expect(postsOnPage({ items: [reposted("10:00", "01:00")], ...first }, posts)).toHaveLength(1);
    for (const odd of [null, 1, {}, { post: {} }, { post: { indexedAt: "never" } }]) {
      expect(postsOnPage({ items: [...items.slice(0, 2), odd], ...first }, posts)).toEqual([]);
    }
  });
});

describe("a post's own time", () => {
  test("may be before it was written, and never after", () => {
    const [early, late, odd] = unseen([
      post("10:00", { createdAt: at("07:00") }),
      post("10:00", { createdAt: at("23:00") }),
      post("10:00", { createdAt: "2026-11-30T10:00:00+02:00" }),
    ]).posts;
    expect(early?.sort).toBe(Date.parse(at("07:00")));
    expect(late?.sort).toBe(Date.parse(at("10:00")));
    expect(odd?.sort).toBe(Date.parse(at("08:00")));
  });

  test("puts it in its place among the others, the newest first", () => {
    const local = unseen([post("09:00"), post("11:30"), post("13:00")]);
    const views = local.posts.map((each) => postView(local, each, new Map()));
    const all = withPosts([pinned("01:00"), item("12:00"), item("11:00")], views) as ReturnType<
      typeof item
    >[];
    expect(all.map(({ post: { uri } }) => uri.split("/").at(-1))).toEqual([
      "theirs-01:00",
      "1300",
      "theirs-12:00",
      "1130",
      "theirs-11:00",
      "0900",
    ]);
  });

  test("puts two of one time in the order of their writing, the later above", () => {
    const local = unseen([post("10:00", { text: "first" }), post("10:00", { text: "second" })]);
    const views = local.posts.map((each) => postView(local, each, new Map()));
    const all = withPosts([], views) as { post: { record: { text: string } } }[];
    expect(all.map(({ post: { record } }) => record.text)).toEqual(["second", "first"]);
  });
});

describe("the member's newest name", () => {
  const view = (did: string) => ({ did, handle: "x.test", displayName: "Before", labels: [] });
  const mine = { post: { uri: "a", author: view(DID) } };
  const theirs = { post: { uri: "b", author: view(OTHER) } };
  const byMe = { ...theirs, reason: { $type: "app.bsky.feed.defs#reasonRepost", by: view(DID) } };
  const byThem = { ...mine, reason: { $type: "app.bsky.feed.defs#reasonRepost", by: view(OTHER) } };

  test("stands at their posts and their reposts, and nobody else's", () => {
    const local = unseen([], profile({ displayName: "After", pronouns: "they/them", avatar: blob }));
    const after = {
      ...view(DID),
      displayName: "After",
      pronouns: "they/them",
      avatar: `https://pds.example.com/img/avatar/plain/${DID}/${PICTURE}@jpeg`,
    };
    expect(withOwnNames([mine, theirs, byMe, byThem], local)).toEqual([
      { post: { uri: "a", author: after } },
      theirs,
      { ...theirs, reason: { ...byMe.reason, by: after } },
      { ...byThem, post: { uri: "a", author: after } },
    ]);
  });

  test("that is gone leaves no old one behind", () => {
    const local = unseen([], profile({ displayName: undefined }));
    const [shown] = withOwnNames([mine], local) as [typeof mine];
    expect(JSON.parse(JSON.stringify(shown?.post.author))).toEqual({
      did: DID,
      handle: "x.test",
      labels: [],
    });
  });

  test("is left to the AppView if it has it, and odd items are left alone", () => {
    const known = unseen([post("10:00")], profile({ displayName: "After" }, OLD));
    expect(withOwnNames([mine], known)).toEqual([mine]);
    const local = unseen([], profile());
    const odd = [null, 1, "x", [], { post: null }, { post: { author: null } }, { reason: { by: 1 } }];
    expect(JSON.parse(JSON.stringify(withOwnNames(odd, local)))).toEqual(JSON.parse(JSON.stringify(odd)));
  });
});

test("what no AppView would show is not shown here either", () => {
  const wrong = [
    post("10:00", { text: 1 }),
    post("10:01", { text: "x".repeat(4_000) }),
    post("10:02", { createdAt: "yesterday" }),
    post("10:03", { $type: "app.bsky.feed.like" }),
  ];
  expect(unseenOrNull(wrong)).toBeNull();
  expect(unseen([...wrong, post("11:00")]).posts.map(({ record }) => record.text)).toEqual(["11:00"]);
  expect(unseenOrNull([], profile({ displayName: 1 }))).toBeNull();
  expect(unseenOrNull([], profile({}, OLD))).toBeNull();
  expect(unseenOrNull([], null)).toBeNull();
});

test("the lag is as long as the oldest record is unseen", () => {
  expect(unseen([post("10:00"), post("11:00")]).oldest).toBe(Date.parse(at("10:00")));
  expect(unseen([post("10:00")], profile()).oldest).toBe(Date.parse(at("00:00")));
  expect(unseen([post("10:00")], profile({}, OLD)).oldest).toBe(Date.parse(at("10:00")));
});

describe("a filter of an author's feed", () => {
  const images = { $type: "app.bsky.embed.images", images: [] };
  const video = { $type: "app.bsky.embed.video", video: blob };
  const quote = { $type: "app.bsky.embed.record", record: { uri: uriOf("q"), cid: "c" } };
  const both = (media: object) => ({ $type: "app.bsky.embed.recordWithMedia", record: quote, media });
  const link = {
    $type: "app.bsky.embed.external",
    external: { uri: "https://a.test", title: "", description: "" },
  };
  const to = (parent: string, root = parent) => ({
    reply: { parent: { uri: uriOf("p", parent as never) }, root: { uri: uriOf("r", root as never) } },
  });
  const POSTS = {
    plain: {},
    images: { embed: images },
    video: { embed: video },
    quote: { embed: quote },
    "quote with images": { embed: both(images) },
    "quote with video": { embed: both(video) },
    "quote with link": { embed: both(link) },
    "reply to another": to(OTHER),
    "reply in one's own thread": to(DID),
    "reply to oneself under another": to(DID, OTHER),
    "reply to another under oneself": to(OTHER, DID),
  };
  const all = Object.keys(POSTS);
  const media = ["images", "video", "quote with images", "quote with video"];
  const replies = all.filter((name) => name.startsWith("reply"));

  test.each<[filter: string, passing: string[]]>([
    ["", all],
    ["posts_with_replies", all],
    ["something_new", all],
    ["posts_no_replies", all.filter((name) => !replies.includes(name))],
    ["posts_with_media", media],
    ["posts_with_video", ["video", "quote with video"]],
    [
      "posts_and_author_threads",
      all.filter((name) => !replies.includes(name) || name === "reply in one's own thread"),
    ],
  ])("%j", (filter, passing) => {
    const found = Object.entries(POSTS).filter(([, record]) =>
      passesFilter(filter, record as unknown as AppBskyFeedPost.Main, DID),
    );
    expect(found.map(([name]) => name)).toEqual(passing);
  });
});
