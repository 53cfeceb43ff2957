import { expect, test } from "vitest";
import { searchPosts } from "../../src/appview/reads/methods/feed/search-posts.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { bindings, Community, counting, HOST } from "../support/community.ts";

const index = counting(bindings.APPVIEW_DB);
const reads = new AppViewReads({ APPVIEW_DB: index.db, DIRECTORY: bindings.DIRECTORY }, HOST);

async function find(q: string): Promise<string[]> {
  const { posts } = await searchPosts(reads.on(null), { q, limit: 100 });
  return posts.map(({ record }) => (record as { text: string }).text).toSorted();
}

test("words are found by their beginnings, however many begin alike, and read as they are wanted", async () => {
  const town = new Community();
  town.join("ann");
  const texts = [
    "zebra crossing",
    "ZEBRAS cross",
    "don't cross",
    "the Über crossing",
    "überall",
    "uber",
    "a",
    ...Array.from({ length: 70 }, (_, i) => `common cargo${String(i).padStart(2, "0")}`),
  ];
  for (const text of texts) town.post("ann", text);
  await town.index();
  expect(await find("zebra")).toEqual(["ZEBRAS cross", "zebra crossing"]);
  expect(await find("zebra cross")).toEqual(["ZEBRAS cross", "zebra crossing"]);
  expect(await find("ZEBRAS")).toEqual(["ZEBRAS cross"]);
  expect(await find("zebra -zebras")).toEqual(["zebra crossing"]);
  expect(await find("don't")).toEqual(["don't cross"]);
  expect(await find("don'ts")).toEqual([]);
  // The tokenizer drops diacritics, in the text and in the query.
  expect(await find("über")).toEqual(["the Über crossing", "uber", "überall"]);
  expect(await find("uber")).toEqual(["the Über crossing", "uber", "überall"]);
  expect(await find("cargo")).toHaveLength(70);
  expect(await find("cargo1")).toHaveLength(10);
  expect(await find("cargo77")).toEqual([]);
  expect(await find("zzz")).toEqual([]);
  // These are more words than are looked up, and more than SQLite would chain.
  expect(await find("zebra cross ".repeat(40))).toEqual(["ZEBRAS cross", "zebra crossing"]);
  expect(await find(`zebra ${"-cargo ".repeat(40)}`)).toEqual(["ZEBRAS cross", "zebra crossing"]);
  index.reset();
  expect(await find("cargo33 common")).toEqual(["common cargo33"]);
  expect(index.cost.trips).toBe(2);
  // The search reads the entries of "common" that come before the wanted one. No statement scans a table.
  expect(index.cost.read).toBeLessThan(150);
});
