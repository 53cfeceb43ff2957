/** Records of a megabyte: the index keeps what the lexicon has and an answer can bear; the repo keeps them whole. */
import { mainSchema as profileSchema } from "@atcute/bluesky/types/app/actor/profile";
import { mainSchema as postSchema } from "@atcute/bluesky/types/app/feed/post";
import { mainSchema as threadgateSchema } from "@atcute/bluesky/types/app/feed/threadgate";
import { mainSchema as labelerSchema } from "@atcute/bluesky/types/app/labeler/service";
import { safeParse } from "@atcute/lexicons/validations";
import type { ResourceUri } from "@atcute/lexicons";
import { beforeAll, describe, expect, test } from "vitest";
import { fitted } from "../../src/appview/record-fit.ts";
import { getProfile } from "../../src/appview/reads/methods/actor/get-profile.ts";
import { getServices } from "../../src/appview/reads/methods/actor/get-services.ts";
import { getActorFeeds } from "../../src/appview/reads/methods/feed/get-feed-generators.ts";
import { getPosts } from "../../src/appview/reads/methods/feed/get-posts.ts";
import { getPostThread } from "../../src/appview/reads/methods/feed/get-post-thread.ts";
import { getPostThreadV2 } from "../../src/appview/reads/methods/feed/get-post-thread-v2.ts";
import { getTimeline } from "../../src/appview/reads/methods/feed/get-timeline.ts";
import { getList, getLists } from "../../src/appview/reads/methods/graph/get-lists.ts";
import { getActorStarterPacks } from "../../src/appview/reads/methods/graph/starter-packs.ts";
import { listNotifications } from "../../src/appview/reads/methods/notification/notifications.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { bindings, Community, HOST, type Ref } from "../support/community.ts";

const createdAt = "2026-01-01T00:00:00.000Z";
const long = (size: number) => "x".repeat(size);
const sizeOf = (value: unknown) => JSON.stringify(value).length;
const blob = (mimeType = "image/png") => ({
  $type: "blob",
  ref: { $link: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku" },
  mimeType,
  size: 1,
});
const post = (more: object) => ({ $type: "app.bsky.feed.post", text: "hello", createdAt, ...more });
const mention = (did: string) => ({
  index: { byteStart: 0, byteEnd: 1 },
  features: [{ $type: "app.bsky.richtext.facet#mention", did }],
});

describe("a record that is fitted", () => {
  const HOSTILE: [
    what: string,
    schema: typeof postSchema | typeof profileSchema,
    record: object,
    limit: number,
  ][] = [
    ["extra fields", postSchema, post({ extra: long(900_000), more: { deep: [long(9000)] } }), 32_000],
    [
      "extra fields in a known object",
      postSchema,
      post({ reply: { parent: ref(), root: { ...ref(), extra: long(90_000) } } }),
      32_000,
    ],
    [
      "an unknown embed",
      postSchema,
      post({ embed: { $type: "com.example.embed", x: long(900_000) } }),
      32_000,
    ],
    [
      "unknown features",
      postSchema,
      post({
        facets: [
          { index: { byteStart: 0, byteEnd: 1 }, features: [{ $type: "com.example.f", x: long(90_000) }] },
        ],
      }),
      32_000,
    ],
    [
      "5,000 facets",
      postSchema,
      post({ facets: Array.from({ length: 5000 }, (_, i) => mention(`did:plc:${i}`)) }),
      32_000,
    ],
    [
      "5,000 features of a facet",
      postSchema,
      post({
        facets: [
          {
            index: { byteStart: 0, byteEnd: 1 },
            features: Array.from({ length: 5000 }, (_, i) => mention(`did:plc:${i}`).features[0]),
          },
        ],
      }),
      32_000,
    ],
    [
      "long alt texts",
      postSchema,
      post({
        embed: {
          $type: "app.bsky.embed.images",
          images: Array.from({ length: 4 }, () => ({ image: blob(), alt: 'ж"\u0001😀'.repeat(50_000) })),
        },
      }),
      32_000,
    ],
    [
      "a long link card",
      postSchema,
      post({
        embed: {
          $type: "app.bsky.embed.external",
          external: { uri: "https://example.com", title: long(300_000), description: long(300_000) },
        },
      }),
      32_000,
    ],
    [
      "all at once",
      postSchema,
      post({
        text: long(300),
        extra: long(9000),
        facets: Array.from({ length: 900 }, (_, i) => mention(`did:plc:${i}`)),
        embed: {
          $type: "app.bsky.embed.recordWithMedia",
          record: { record: ref() },
          media: { $type: "app.bsky.embed.images", images: [{ image: blob(), alt: long(90_000) }] },
        },
        tags: Array.from({ length: 8 }, () => long(60)),
      }),
      6_000,
    ],
    [
      "a profile's",
      profileSchema,
      {
        $type: "app.bsky.actor.profile",
        displayName: "Ann",
        description: "hello",
        extra: long(900_000),
        labels: { $type: "com.example.labels", x: long(90_000) },
      },
      8_000,
    ],
  ];

  function ref() {
    return { uri: "at://did:plc:x/app.bsky.feed.post/3kaaaaaaaaa2a", cid: blob().ref.$link };
  }

  test.each(HOSTILE)("is valid and within its limit: %s", (_, schema, record, limit) => {
    const fits = fitted(schema, { ...record }, sizeOf(record), limit);
    expect(fits).not.toBeNull();
    expect(sizeOf(fits)).toBeLessThanOrEqual(limit);
    expect(safeParse(schema, fits).ok).toBe(true);
    expect(JSON.stringify(fits)).not.toContain("extra");
    const { text, displayName } = record as { text?: string; displayName?: string };
    expect(fits).toMatchObject(text === undefined ? { displayName } : { text, createdAt });
    // Fitting it again changes nothing.
    expect(fitted(schema, fits ?? {}, Infinity, limit)).toEqual(fits);
  });

  test("keeps as much as fits of what is long, in front", () => {
    const facets = Array.from({ length: 5000 }, (_, i) => mention(`did:plc:${String(i).padStart(24, "a")}`));
    const fits = fitted(postSchema, post({ facets }), 900_000, 32_000);
    const kept = (fits?.facets ?? []) as unknown[];
    expect(kept).toEqual(facets.slice(0, kept.length));
    expect(kept.length).toBeGreaterThan(150);
    const images = ["ab", "cd"].map((alt) => ({ image: blob(), alt: alt.repeat(100_000) }));
    const pictures = fitted(
      postSchema,
      post({ embed: { $type: "app.bsky.embed.images", images } }),
      900_000,
      32_000,
    );
    const alts = (pictures as { embed: { images: { alt: string }[] } }).embed.images.map(({ alt }) => alt);
    expect(alts.map((alt) => alt.slice(0, 4))).toEqual(["abab", "cdcd"]);
    for (const alt of alts) expect(alt.length).toBeGreaterThan(14_000);
  });

  test("that is small stays as it is, with what its lexicon does not have", () => {
    const record = post({ extra: { deep: 1 }, embed: { $type: "com.example.embed", x: 1 } });
    expect(fitted(postSchema, record, sizeOf(record), 32_000)).toBe(record);
  });

  test("and would be nothing without what does not fit, is none", () => {
    const images = [{ image: blob(long(900_000)), alt: "" }];
    expect(
      fitted(postSchema, post({ embed: { $type: "app.bsky.embed.images", images } }), 900_000, 32_000),
    ).toBeNull();
  });

  test("keeps 300 hidden replies of a thread, and a labeler's many labels", () => {
    const hiddenReplies = Array.from(
      { length: 300 },
      (_, i) => `at://did:plc:${"a".repeat(24)}/app.bsky.feed.post/${String(i).padStart(13, "2")}`,
    );
    const gate = { $type: "app.bsky.feed.threadgate", post: hiddenReplies[0], createdAt, hiddenReplies };
    expect(fitted(threadgateSchema, gate, sizeOf(gate), 32_000)).toEqual(gate);
    const labelValueDefinitions = Array.from({ length: 100 }, (_, i) => ({
      identifier: `label-${"abcdefghij"[i % 10]}`,
      severity: "inform",
      blurs: "none",
      locales: [{ lang: "en", name: `Label ${i}`, description: long(300) }],
    }));
    const policies = {
      labelValues: labelValueDefinitions.map(({ identifier }) => identifier),
      labelValueDefinitions,
    };
    const labeler = { $type: "app.bsky.labeler.service", createdAt, policies };
    expect(fitted(labelerSchema, labeler, sizeOf(labeler), 64_000)).toEqual(labeler);
  });
});

const reads = new AppViewReads(bindings, HOST);
const anyone = reads.on(null);
const town = new Community();
const extra = "ZYXW".repeat(237_500);
const at: Record<string, Ref> = {};

describe("views of a community with a vandal", () => {
  beforeAll(async () => {
    town.join("ann", "vandal", "fan");
    town.follow("fan", "vandal");
    town.follow("fan", "ann");
    at.root = town.post("ann", "hello");
    for (let i = 0; i < 40; i++) {
      town.reply("vandal", `reply ${i}`, at.root, at.root, { extra });
      await town.index();
    }
    at.profile = town.profile("vandal", { displayName: "Vandal", description: "hi", extra });
    at.status = town.create(
      "vandal",
      "app.bsky.actor.status",
      { status: "app.bsky.actor.status#live", extra },
      "self",
    );
    at.labeler = town.create(
      "vandal",
      "app.bsky.labeler.service",
      { policies: { labelValues: [] }, extra },
      "self",
    );
    at.list = town.create("vandal", "app.bsky.graph.list", {
      name: "list",
      purpose: "app.bsky.graph.defs#curatelist",
      extra,
    });
    town.create("vandal", "app.bsky.graph.listitem", { list: at.list.uri, subject: town.did("ann"), extra });
    at.feed = town.create("vandal", "app.bsky.feed.generator", {
      did: "did:web:f.test",
      displayName: "feed",
      extra,
    });
    at.pack = town.create("vandal", "app.bsky.graph.starterpack", { name: "pack", list: at.list.uri, extra });
    await town.index();
    at.like = town.like("vandal", at.root, { extra });
    at.repost = town.repost("vandal", at.root, { extra });
    town.create("vandal", "app.bsky.graph.follow", { subject: town.did("ann"), extra });
    town.create("vandal", "app.bsky.graph.block", { subject: town.did("nobody"), extra });
    at.own = town.post("vandal", "gated", { extra }, "3kbbbbbbbbb2b");
    town.create(
      "vandal",
      "app.bsky.feed.threadgate",
      { post: at.own.uri, allow: [], extra },
      "3kbbbbbbbbb2b",
    );
    town.create("vandal", "app.bsky.feed.postgate", { post: at.own.uri, extra }, "3kbbbbbbbbb2b");
    await town.index();
  }, 60_000);

  const uri = (name: string): ResourceUri => at[name]?.uri ?? "at://did:plc:x";

  test("are small, and show what the lexicon has", async () => {
    const vandal = town.did("vandal");
    const thread = { uri: uri("root"), depth: 6, parentHeight: 80 };
    const v2 = { anchor: uri("root"), above: true, below: 6, branchingFactor: 10, sort: "newest" };
    const answers: Record<string, unknown> = {
      thread: await getPostThread(anyone, thread),
      threadV2: await getPostThreadV2(anyone, v2),
      timeline: await getTimeline(reads.on(town.did("fan")), { limit: 100 }),
      notifications: await listNotifications(reads.on(town.did("ann")), { limit: 100 }),
      profile: await getProfile(anyone, { actor: vandal }),
      posts: await getPosts(anyone, { uris: [uri("own")] }),
      lists: await getLists(anyone, { actor: vandal, limit: 100 }),
      list: await getList(anyone, { list: uri("list"), limit: 100 }),
      feeds: await getActorFeeds(anyone, { actor: vandal, limit: 100 }),
      packs: await getActorStarterPacks(anyone, { actor: vandal, limit: 100 }),
      labelers: await getServices(anyone, { dids: [vandal], detailed: true }),
    };
    for (const [name, answer] of Object.entries(answers)) {
      const text = JSON.stringify(answer);
      expect([name, text.length < 300_000 ? "small" : text.length]).toEqual([name, "small"]);
      expect([name, text.includes("ZYXW")]).toEqual([name, false]);
    }
    expect(answers.thread).toMatchObject({ thread: { replies: { length: 40 } } });
    expect(answers.timeline).toMatchObject({ feed: { length: 43 } });
    expect(answers.notifications).toMatchObject({ notifications: { length: 44 } });
    expect(answers.profile).toMatchObject({
      displayName: "Vandal",
      description: "hi",
      status: { record: {} },
    });
    expect(answers.posts).toMatchObject({
      posts: [{ record: { text: "gated" }, threadgate: { record: { allow: [] } } }],
    });
    expect(answers.lists).toMatchObject({ lists: [{ name: "list", listItemCount: 1 }] });
    expect(answers.feeds).toMatchObject({ feeds: [{ displayName: "feed" }] });
    expect(answers.packs).toMatchObject({ starterPacks: [{ record: { name: "pack" } }] });
    expect(answers.labelers).toMatchObject({ views: [{ policies: { labelValues: [] } }] });
  });

  test("no row of the index is large", async () => {
    const tables = ["post", "record", "list_item", "like", "repost", "follow", "block"];
    for (const table of tables) {
      const { results } = await bindings.APPVIEW_DB.prepare(
        `SELECT max(length(record)) AS size FROM "${table}"`,
      ).all<{ size: number | null }>();
      expect([table, (results[0]?.size ?? 0) < 1000]).toEqual([table, true]);
    }
    const { results } = await bindings.APPVIEW_DB.prepare(
      "SELECT max(length(profile) + length(selves)) AS size FROM actor",
    ).all<{ size: number }>();
    expect(results[0]?.size).toBeLessThan(2000);
  });
});

describe("views of very many records that are as large as the index allows", () => {
  /** 31,000 characters each. */
  const heavy = () => ({
    embed: { $type: "app.bsky.embed.images", images: [{ image: blob(), alt: `start ${long(29_000)}` }] },
  });

  beforeAll(async () => {
    town.join("whale", "reader", ...Array.from({ length: 4 }, (_, i) => `small${i}`));
    town.follow("reader", "whale");
    at.whale = town.post("whale", "one of many", heavy());
    for (let i = 0; i < 119; i++) town.reply("whale", `reply ${i}`, at.whale, at.whale, heavy());
    for (let i = 0; i < 4; i++) {
      town.follow("reader", `small${i}`);
      for (let n = 0; n < 25; n++) town.reply(`small${i}`, `small reply ${n}`, at.whale, at.whale);
    }
    await town.index();
  }, 60_000);

  test("keep all posts and their texts, and leave out what makes them large", async () => {
    const { thread } = await getPostThread(anyone, {
      uri: at.whale?.uri ?? "at://did:plc:x",
      depth: 6,
      parentHeight: 80,
    });
    expect(thread).toMatchObject({ replies: { length: 219 }, post: { record: { text: "one of many" } } });
    expect(sizeOf(thread)).toBeLessThan(2_000_000);
  });

  test("show a large post whole where it is asked for", async () => {
    const { posts } = await getPosts(anyone, { uris: [at.whale?.uri ?? "at://did:plc:x"] });
    expect(sizeOf(posts[0]?.record)).toBeGreaterThan(29_000);
    expect(sizeOf(posts[0]?.embed)).toBeGreaterThan(29_000);
  });

  test("show a large post in brief where a hundred others show it, too", async () => {
    const reader = reads.on(town.did("reader"));
    const { feed } = await getTimeline(reader, { limit: 100 });
    expect(feed).toHaveLength(100);
    expect(feed[0]?.reply?.root).toMatchObject({
      record: { text: "one of many", embed: { images: [{ alt: expect.stringMatching(/^start x/) }] } },
    });
    expect(sizeOf(feed)).toBeLessThan(5_000_000);
  });
});
