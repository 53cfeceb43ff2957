/** How far letters are folded, for texts, names and queries alike. */
import { beforeAll, describe, expect, test } from "vitest";
import { folded, tokenizable, wordsOf } from "../../src/appview/folding.ts";
import { searchActors } from "../../src/appview/reads/methods/actor/search-actors.ts";
import { getSuggestedFeeds } from "../../src/appview/reads/methods/feed/get-feed-generators.ts";
import { searchPosts, searchPostsV2 } from "../../src/appview/reads/methods/feed/search-posts.ts";
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
