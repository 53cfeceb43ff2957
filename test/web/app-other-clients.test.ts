/**
 * What the app writes is read by other clients' libraries as it is meant, and the other way round: the official
 * `@atproto/api`, and `@atcute`'s lexicons and rich text.
 */
import { AppBskyFeedPost, AtpAgent, RichText } from "@atproto/api";
import { segmentize } from "@atcute/bluesky-richtext-segmenter";
import { preferencesSchema } from "@atcute/bluesky/types/app/actor/defs";
import { mainSchema as postSchema } from "@atcute/bluesky/types/app/feed/post";
import { safeParse } from "@atcute/lexicons/validations";
import { beforeAll, describe, expect, test } from "vitest";
import { facetsOf } from "../../src/web/app/acts/facets.ts";
import { wishesOf } from "../../src/web/app/reader.ts";
import { HOST_DID, ORIGIN, fetchHost } from "../support/account-host.ts";
import { Person, type View } from "../support/appview-host.ts";
import { Visitor } from "../support/visitor.ts";

let ada: Person;
let bea: Person;
let visitor: Visitor;
let agent: AtpAgent;

beforeAll(async () => {
  [ada, bea] = await Promise.all([Person.join("ada-clients"), Person.join("bea-clients")]);
  visitor = new Visitor();
  await visitor.signIn(ada.member.handle, ada.member.password);
  agent = new AtpAgent({
    service: ORIGIN,
    fetch: (input, init) => {
      const request = new Request(input as Request, init as RequestInit);
      return fetchHost(request.url, request) as never;
    },
  });
  await agent.login({ identifier: ada.member.handle, password: ada.member.password });
});

/** A picture of one pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const TEXTS = [
  "plain words",
  "see https://example.com/a?b=1&c=(d).",
  "at example.org, or example.org/path?",
  "(https://example.com/x)",
  "two https://example.com/1 https://example.com/2",
  "#one #two, #three! and ##four",
  "#123 is a number, #a1 is none",
  "a\n#tag\nhttps://example.net/ü?q=ä",
  "👨‍👩‍👧‍👦 https://example.com 🚣 #Boot",
  "mail me@example.com or not",
  "עברית https://example.com #תג עוד",
  "**bold** https://example.com/_under_ `code`",
  "#ｔａｇ and #日本語 tag",
];

/** What a facet marks, and as what. */
const marks = (text: string, facets: readonly View[]) => {
  const bytes = new TextEncoder().encode(text);
  return facets.map(({ index, features: [feature] }) => [
    new TextDecoder().decode(bytes.slice(index.byteStart, index.byteEnd)),
    String(feature.$type).split("#")[1],
    feature.uri ?? feature.tag ?? feature.did,
  ]);
};

describe("facets", () => {
  test.each(TEXTS)("of %j are those that the official client finds", async (text) => {
    const official = new RichText({ text });
    official.detectFacetsWithoutResolution();
    const ours = await facetsOf(text, async () => null);
    expect(marks(text, ours)).toEqual(marks(text, official.facets ?? []));
  });

  test.each(TEXTS)("of %j, posted here, are read by both", async (text) => {
    const whole = `${text} @${bea.member.handle}`;
    await visitor.get("/intent/compose");
    expect((await visitor.post("/intent/compose", { text: whole, lang: "de" })).status).toBe(303);
    const { data } = await agent.getAuthorFeed({ actor: ada.did, limit: 1 });
    const { record } = data.feed[0]?.post ?? {};
    expect(AppBskyFeedPost.validateRecord(record).success).toBe(true);
    expect(safeParse(postSchema, record).ok).toBe(true);
    const { facets = [], langs } = record as AppBskyFeedPost.Record;
    expect(langs).toEqual(["de"]);
    const official = [...new RichText({ text: whole, facets }).segments()].flatMap((segment) => {
      const value = segment.link?.uri ?? segment.tag?.tag ?? segment.mention?.did;
      return value === undefined ? [] : [[segment.text, value]];
    });
    const third = segmentize(whole, facets as never).flatMap(({ text: part, features }) => {
      const [feature] = (features ?? []) as View[];
      return feature === undefined ? [] : [[part, feature.uri ?? feature.tag ?? feature.did]];
    });
    expect(official.at(-1)).toEqual([`@${bea.member.handle}`, bea.did]);
    expect(third).toEqual(official);
  });

  test("of the official client are links on the page", async () => {
    const text = new RichText({ text: `ahoi @${bea.member.handle} #harbour https://example.com/deep` });
    await text.detectFacets(agent);
    const { uri } = await agent.post({ text: text.text, facets: text.facets ?? [] });
    const { html } = await visitor.get(`/profile/${ada.member.handle}/post/${uri.split("/").at(-1)}`);
    expect(html).toContain(`<a href="/profile/${bea.did}">@${bea.member.handle}</a>`);
    expect(html).toContain('<a href="/hashtag/harbour">#harbour</a>');
    expect(html).toContain('<a href="https://example.com/deep" rel="nofollow ugc noopener"');
  });
});

test("a card of either is the other's", async () => {
  const card = { uri: "https://example.com/card", title: "Boats", description: "All of them" };
  await visitor.get("/intent/compose");
  await visitor.post("/intent/compose", { text: "ours", card: JSON.stringify({ ...card, image: null }) });
  const { data } = await agent.getAuthorFeed({ actor: ada.did, limit: 1 });
  const ours = data.feed[0]?.post;
  expect(AppBskyFeedPost.validateRecord(ours?.record).success).toBe(true);
  expect(safeParse(postSchema, ours?.record).ok).toBe(true);
  expect(ours?.embed).toMatchObject({ $type: "app.bsky.embed.external#view", external: card });
  const theirs = { uri: "https://example.com/other", title: "Ropes", description: "Some" };
  const { uri } = await agent.post({
    text: "theirs",
    embed: { $type: "app.bsky.embed.external", external: theirs },
  });
  const { text, html } = await visitor.get(`/profile/${ada.member.handle}/post/${uri.split("/").at(-1)}`);
  expect(text).toContain("Ropes");
  expect(html).toContain('href="https://example.com/other"');
});

describe("preferences", () => {
  const wish = async (fields: Record<string, string>) => {
    await visitor.get("/app/wishes");
    expect((await visitor.post("/app/wishes", fields)).status).toBe(303);
  };
  const stored = async () => (await ada.get("app.bsky.actor.getPreferences")).preferences;

  test("that the app writes are read by the official client, and fit the lexicon", async () => {
    const feed = await bea.write("app.bsky.feed.generator", { did: HOST_DID, displayName: "Tides" });
    await wish({
      do: "filters",
      adult: "1",
      porn: "warn",
      sexual: "ignore",
      nudity: "hide",
      "graphic-media": "warn",
    });
    await wish({ do: "mute", value: " #Marzipan " });
    await wish({ do: "mute", value: "nougat", tags: "1", followed: "1" });
    await wish({ do: "pin", value: feed.uri });
    const read = await agent.getPreferences();
    expect(read.moderationPrefs).toMatchObject({
      adultContentEnabled: true,
      labels: { porn: "warn", sexual: "ignore", nudity: "hide", "graphic-media": "warn" },
      mutedWords: [
        { value: "Marzipan", targets: ["content", "tag"], actorTarget: "all" },
        { value: "nougat", targets: ["tag"], actorTarget: "exclude-following" },
      ],
    });
    expect(read.savedFeeds).toMatchObject([
      { type: "timeline", value: "following", pinned: true },
      { type: "feed", value: feed.uri, pinned: true },
    ]);
    expect(safeParse(preferencesSchema, await stored()).ok).toBe(true);
    await wish({ do: "raise", value: feed.uri });
    expect((await agent.getPreferences()).savedFeeds[0]).toMatchObject({ value: feed.uri });
    expect((await visitor.get("/")).text).toContain("Tides");
    await wish({ do: "unpin", value: feed.uri });
    expect((await visitor.get("/")).text).not.toContain("Tides");
    await wish({ do: "drop", value: feed.uri });
    await wish({ do: "unmute", value: "Marzipan" });
    const last = await agent.getPreferences();
    expect(last.savedFeeds.map(({ value }) => value)).toEqual(["following"]);
    expect(last.moderationPrefs.mutedWords.map(({ value }) => value)).toEqual(["nougat"]);
  });

  test("that the official client writes are those of the app, and the app leaves the rest alone", async () => {
    await agent.setInterestsPref({ tags: ["boats"] });
    await agent
      .setContentLabelPref("porn", "show" as never)
      .catch(() => agent.setContentLabelPref("porn", "ignore"));
    await agent.setContentLabelPref("graphic-media", "hide");
    await agent.addMutedWord({ value: "anchor", targets: ["content"], actorTarget: "all" });
    await bea.post("an anchor is heavy");
    expect((await visitor.get("/?tab=local")).text).not.toContain("an anchor is heavy");
    const { tastes } = wishesOf(await stored(), { sources: [HOST_DID], labels: [] }, Date.now());
    expect(tastes.labels.get("porn")).toBe("ignore");
    expect(tastes.labels.get("graphic-media")).toBe("hide");
    const form = await visitor.get("/app/wishes");
    expect(form.text).toContain("anchor");
    await wish({ do: "unmute", value: "anchor" });
    expect((await visitor.get("/?tab=local")).text).toContain("an anchor is heavy");
    expect((await agent.getPreferences()).interests).toEqual({ tags: ["boats"] });
  });

  test("mute a word wherever the official client looks for it: alt texts, cards and quotes", async () => {
    const upload = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
      method: "POST",
      headers: { authorization: bea.member.auth, "content-type": "image/png" },
      body: Uint8Array.from(atob(PIXEL), (char) => char.charCodeAt(0)),
    });
    const { blob } = await upload.json<{ blob: object }>();
    const picture = (alt: string) => ({ $type: "app.bsky.embed.images", images: [{ image: blob, alt }] });
    const said = await bea.post("the parrot talks #parrots", {
      facets: [
        {
          index: { byteStart: 17, byteEnd: 25 },
          features: [{ $type: "app.bsky.richtext.facet#tag", tag: "parrots" }],
        },
      ],
    });
    const record = { uri: said.uri, cid: said.cid };
    await bea.post("look up", { embed: picture("a parrot on a mast") });
    await bea.post("read this", {
      embed: {
        $type: "app.bsky.embed.external",
        external: { uri: "https://example.com/p", title: "Birds", description: "parrot, and others" },
      },
    });
    await bea.post("she said", { embed: { $type: "app.bsky.embed.record", record } });
    await bea.post("both of it", {
      embed: {
        $type: "app.bsky.embed.recordWithMedia",
        record: { $type: "app.bsky.embed.record", record },
        media: picture("a mast"),
      },
    });
    const texts = ["the parrot talks", "look up", "read this", "she said", "both of it"];
    const shown = async () => {
      const { text } = await visitor.get("/?tab=local");
      return texts.filter((each) => text.includes(each));
    };
    expect(await shown()).toEqual(texts);
    await agent.addMutedWord({ value: "parrot", targets: ["content"], actorTarget: "all" });
    expect(await shown()).toEqual([]);
    await wish({ do: "unmute", value: "parrot" });
    await agent.addMutedWord({ value: "parrots", targets: ["tag"], actorTarget: "all" });
    expect(await shown()).toEqual(["look up", "read this"]);
    await wish({ do: "unmute", value: "parrots" });
  });

  test("are changed at once from several tabs, and no change is lost", async () => {
    const words = ["ebb", "flow", "neap", "spring"];
    await visitor.get("/app/wishes");
    await Promise.all(words.map((value) => visitor.post("/app/wishes", { do: "mute", value })));
    const { mutedWords } = (await agent.getPreferences()).moderationPrefs;
    expect(mutedWords.map(({ value }) => value)).toEqual(expect.arrayContaining(words));
    for (const value of words) await wish({ do: "unmute", value });
  });

  test("of before feeds had types are shown, and go on in the new form", async () => {
    const feed = await bea.write("app.bsky.feed.generator", { did: HOST_DID, displayName: "Old charts" });
    await ada.do("app.bsky.actor.putPreferences", {
      preferences: [{ $type: "app.bsky.actor.defs#savedFeedsPref", pinned: [feed.uri], saved: [feed.uri] }],
    });
    expect((await visitor.get("/")).text).toContain("Old charts");
    const other = await bea.write("app.bsky.feed.generator", { did: HOST_DID, displayName: "New charts" });
    await wish({ do: "pin", value: other.uri });
    const { savedFeeds } = await agent.getPreferences();
    expect(savedFeeds.map(({ value }) => value)).toEqual(["following", feed.uri, other.uri]);
  });

  test.each([
    { do: "pin", value: "at://did:plc:x/app.bsky.feed.post/3k2aaaaaaaaaa" },
    { do: "mute", value: " \u200b " },
    { do: "constructor" },
  ])("are not changed by %j", async (fields) => {
    const before = await stored();
    await visitor.get("/app/wishes");
    expect((await visitor.post("/app/wishes", fields)).status).toBe(404);
    expect(await stored()).toEqual(before);
  });
});
