/** How far letters are folded, for texts, names and queries alike. */
import { beforeAll, describe, expect, test } from "vitest";
import { folded, tokenizable, wordsOf } from "../../src/appview/folding.ts";
import { searchActors } from "../../src/appview/reads/methods/actor/search-actors.ts";
import { getSuggestedFeeds } from "../../src/appview/reads/methods/feed/get-feed-generators.ts";
import { searchPosts, searchPostsV2 } from "../../src/appview/reads/methods/feed/search-posts.ts";
import { getTrends } from "../../src/appview/reads/methods/feed/trends.ts";
import { searchStarterPacks } from "../../src/appview/reads/methods/graph/search-starter-packs.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { bindings, Community, HOST } from "../support/community.ts";

const reads = new AppViewReads(bindings, HOST);
const anyone = reads.on(null);
const town = new Community();

/** What is written, and what people type to find it. */
const PAIRS: [written: string, typed: string][] = [
  ["วันนี้ไปเที่ยวทะเล", "ทะเล"],
  ["ຂ້ອຍໄປຕະຫຼາດ", "ຕະຫຼາດ"],
  ["ខ្ញុំទៅផ្សារ", "ផ្សារ"],
  ["ကျွန်တော်ဈေးသွားတယ်", "ဈေး"],
  ["東京都に行く", "京都"],
  ["ｶﾀｶﾅ", "カタカナ"],
  ["한국".normalize("NFD"), "한국"],
  ["שָׁלוֹם", "שלום"],
  ["مُحَمَّدٌ", "محمد"],
  ["أحمد", "احمد"],
  ["مرحبـــا", "مرحبا"],
  ["کیک", "كيك"],
  ["مدرسة", "مدرسه"],
  ["٢٠٢٦", "2026"],
  ["Καλημέρα", "καλημερα"],
  ["ΟΔΟΣ", "οδος"],
  ["Tiếng Việt", "tieng viet"],
  ["Đà Nẵng", "da nang"],
  ["Łódź", "lodz"],
  ["Ærø", "aero"],
  ["Þórður", "thordur"],
  ["Straße", "STRASSE"],
  ["GROẞ", "groß"],
  ["Ёлка", "елка"],
  ["Київ", "киів"],
  ["ılık", "ilik"],
  ["İstanbul", "istanbul"],
  ["ＡＢＣ１２３", "abc123"],
  ["oﬃce", "office"],
  ["फ़िल्म", "फिल्म"],
  ["m²", "m2"],
  ["①②", "12"],
  ["co\u00adoperate", "cooperate"],
];
/** Pairs that are different words. */
const APART: [written: string, typed: string][] = [
  ["カキ", "ガキ"],
  ["さくら", "サクラ"],
  ["फलम", "फिल्म"],
  ["ទៅ", "ទៃ"],
];

beforeAll(async () => {
  town.join("ann", ...PAIRS.map((_, i) => `name${i}`));
  for (const [i, [written]] of PAIRS.entries()) {
    town.post("ann", `p${i} ${written}`, { tags: [written.slice(0, 8)] });
    town.profile(`name${i}`, { displayName: written });
    town.create("ann", "app.bsky.feed.generator", { did: "did:web:feeds.test", displayName: `${written}!` });
    const list = `at://${town.did("ann")}/app.bsky.graph.list/l`;
    town.create("ann", "app.bsky.graph.starterpack", { name: `for ${written}`, list });
  }
  for (const [i, [written]] of APART.entries()) town.post("ann", `apart${i} ${written}`);
  await town.index();
});

const textOf = (record: unknown) => (record as { text: string }).text;

describe.each(PAIRS.map(([written, typed], i) => ({ written, typed, i })))(
  "$written, typed $typed",
  ({ written, typed, i }) => {
    test("is found in posts", async () => {
      const { posts } = await searchPosts(anyone, { q: typed, limit: 100 });
      expect(posts.map(({ record }) => textOf(record))).toContain(`p${i} ${written}`);
      const { posts: exact } = await searchPosts(anyone, { q: `„${typed}“`, limit: 100 });
      expect(exact.map(({ record }) => textOf(record))).toContain(`p${i} ${written}`);
    });

    test("is found among names of people, feeds and starter packs", async () => {
      const { actors } = await searchActors(anyone, { q: typed, limit: 100 });
      expect(actors.map(({ handle }) => handle)).toContain(`name${i}.test`);
      const { feeds } = await getSuggestedFeeds(anyone, { query: typed, limit: 100 });
      expect(feeds.map(({ displayName }) => displayName)).toContain(`${written}!`);
      const { starterPacks } = await searchStarterPacks(anyone, { q: typed, limit: 100 });
      expect(starterPacks.map(({ record }) => (record as { name: string }).name)).toContain(`for ${written}`);
    });
  },
);

test.each(APART)("%s is not found by %s", async (written, typed) => {
  const { posts } = await searchPosts(anyone, { q: typed, limit: 100 });
  expect(posts.map(({ record }) => textOf(record))).not.toContainEqual(
    expect.stringContaining(` ${written}`),
  );
});

test("a hashtag is found without its marks", async () => {
  const { posts } = await searchPosts(anyone, { q: "#strasse", limit: 10 });
  expect(posts.map(({ record }) => textOf(record))).toEqual([expect.stringContaining("Straße")]);
  const { posts: v2 } = await searchPostsV2(anyone, { hashtags: ["LODZ"], limit: 10 });
  expect(v2.map(({ record }) => textOf(record))).toEqual([expect.stringContaining("Łódź")]);
});

test("every pair of quotation marks makes a phrase", async () => {
  town.post("ann", "brown quick fox");
  town.post("ann", "quick brown fox");
  await town.index();
  const found = async (q: string) =>
    (await searchPosts(anyone, { q, limit: 10 })).posts.map(({ record }) => textOf(record));
  expect(await found("quick brown")).toHaveLength(2);
  const marks = ['""', "“”", "„“", "„”", "””", "«»", "»«", "‹›", "「」", "『』", "＂＂"];
  for (const [open, close] of marks) {
    expect([open, await found(`${open}quick brown${close}`)]).toEqual([open, ["quick brown fox"]]);
  }
  expect(await found("« quick brown »")).toEqual(["quick brown fox"]);
  expect(await found("-«quick brown» fox")).toEqual(["brown quick fox"]);
  expect(await found("„quick brown")).toEqual(["quick brown fox"]);
});

test("folding twice changes nothing, for any character", () => {
  const changed: string[] = [];
  for (let code = 1; code < 0x20000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const once = folded(String.fromCodePoint(code));
    if (folded(once) !== once) changed.push(code.toString(16));
  }
  expect(changed).toEqual([]);
});

test("words of a query and of a text are the same words", () => {
  for (const [written] of PAIRS) {
    expect(wordsOf(written).join(" ")).toBe(tokenizable(written).trim().replace(/\s+/g, " "));
  }
});

describe("links and tags", () => {
  const link = (uri: string) => ({
    facets: [
      {
        index: { byteStart: 0, byteEnd: 1 },
        features: [{ $type: "app.bsky.richtext.facet#link", uri }],
      },
    ],
  });
  const tagged = (tag: string) => ({
    facets: [
      { index: { byteStart: 0, byteEnd: 1 }, features: [{ $type: "app.bsky.richtext.facet#tag", tag }] },
    ],
  });
  const find = async (q: string) =>
    (await searchPosts(anyone, { q, limit: 100 })).posts
      .map(({ record }) => (record as { text: string }).text)
      .toSorted();

  beforeAll(async () => {
    town.join("links", "tags");
    const uris = {
      unicode: "https://www.münchen.example/bier?x=1",
      ascii: "https://xn--mnchen-3ya.example/bier?x=1",
      capitals: "HTTPS://WWW.BÜCHER.example:443/Regal",
      dotted: "https://bücher.example./",
      japanese: "http://日本語.example/",
      bare: "https://plain.example",
    };
    for (const [name, uri] of Object.entries(uris)) town.post("links", name, link(uri));
    for (const [i, tag] of ["Überraschung", "überraschung", "ÜBERRASCHUNG", "Straße", "STRASSE"].entries()) {
      town.post(i % 2 ? "tags" : "links", `tag ${i}`, tagged(tag));
    }
    await town.index();
  });

  test.each<[string, string[]]>([
    ["domain:münchen.example", ["ascii", "unicode"]],
    ["domain:MÜNCHEN.example", ["ascii", "unicode"]],
    ["domain:xn--mnchen-3ya.example", ["ascii", "unicode"]],
    ["domain:www.münchen.example", ["ascii", "unicode"]],
    ["domain:https://münchen.example/other", ["ascii", "unicode"]],
    ["domain:bücher.example", ["capitals", "dotted"]],
    ["domain:bücher.example.", ["capitals", "dotted"]],
    ["domain:日本語.example", ["japanese"]],
    ["domain:ünknown.example", []],
    ["domain:exa mple", []],
    ["domain:[", []],
    ["url:https://bücher.example:443/Regal", []],
    ["url:https://www.bücher.example/Regal", ["capitals"]],
    ["url:plain.example", ["bare"]],
    ["url:https://plain.example/", ["bare"]],
    ["url:http://xn--wgv71a119e.example", ["japanese"]],
  ])("%s finds %j", async (q, texts) => {
    expect(await find(q)).toEqual(texts);
  });

  test("the filters of both searches take a domain in either form", async () => {
    for (const domain of ["münchen.example", "XN--MNCHEN-3YA.example"]) {
      const one = await searchPosts(anyone, { q: "", domain, limit: 10 });
      const two = await searchPostsV2(anyone, { domains: [domain], limit: 10 });
      expect([one.posts.length, two.posts.length]).toEqual([2, 2]);
    }
  });

  test("a trend is one, however its tag is written", async () => {
    const { trends } = await getTrends({ ...anyone, now: town.now }, { limit: 10 });
    expect(trends.map(({ topic, postCount }) => [topic.toLowerCase(), postCount])).toEqual([
      ["überraschung", 3],
      ["straße", 2],
    ]);
    expect(await find("#überraschung")).toHaveLength(3);
  });
});
