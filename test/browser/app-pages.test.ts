/** Every page of the app that the stories pass by, as a guest and as a moderator see it: no barrier, nothing cut off. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Life, type Visitor, WAYS } from "./life.ts";
import { assertReadable } from "./looks.ts";

let life: Life;
const things: Record<"list" | "mod" | "pack" | "feed" | "post" | "covered", string> = {
  list: "",
  mod: "",
  pack: "",
  feed: "",
  post: "",
  covered: "",
};

const LABEL = {
  value: "off-topic",
  name: "Off topic",
  description: "Not about boats",
  severity: "inform",
  blurs: "none",
};

beforeAll(async () => {
  const [usual] = WAYS;
  if (usual === undefined) throw new Error("no way");
  life = await Life.begin(usual, { OWN_LABELS: JSON.stringify([LABEL]) });
  await life.settle("ana", "ben");
  await life.grant("ana", "moderator");
  const key = async (collection: string, record: object) => {
    const { uri } = await life.write("ben", collection, record);
    return uri.slice(uri.lastIndexOf("/") + 1);
  };
  const list = { name: "Rowers", description: "Who rows on Sundays" };
  things.list = await key("app.bsky.graph.list", { ...list, purpose: "app.bsky.graph.defs#curatelist" });
  things.mod = await key("app.bsky.graph.list", { ...list, purpose: "app.bsky.graph.defs#modlist" });
  const own = `at://${life.didOf("ben")}`;
  for (const each of [things.list, things.mod]) {
    await key("app.bsky.graph.listitem", {
      list: `${own}/app.bsky.graph.list/${each}`,
      subject: life.didOf("ana"),
    });
  }
  things.pack = await key("app.bsky.graph.starterpack", {
    name: "Begin with boats",
    list: `${own}/app.bsky.graph.list/${things.list}`,
  });
  things.feed = await key("app.bsky.feed.generator", { did: "did:web:away.invalid", displayName: "Tides" });
  things.post = await key("app.bsky.feed.post", { text: "Oars up #boats https://example.com/oars" });
  things.covered = await key("app.bsky.feed.post", {
    text: "You were warned",
    labels: { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "!warn" }] },
  });
  await life.post("ana", "Ready when you are");
});
afterAll(() => life?.end());

const ben = "/profile/ben.test";

/** What is at a path: its name, and words that it shows. */
const PAGES: Record<string, readonly [path: () => string, words: string]> = {
  best: [() => "/?tab=best", "Oars up"],
  hashtag: [() => "/hashtag/boats", "#boats"],
  people: [() => "/search?q=ben&tab=people", "@ben.test"],
  "nothing found": [() => "/search?q=zzzz", "Nothing was found"],
  followers: [() => `${ben}/followers`, "Nobody here yet"],
  lists: [() => `${ben}/lists`, "Rowers"],
  "posts of a list": [() => `${ben}/lists/${things.list}`, "Ready when you are"],
  "people of a list": [() => `${ben}/lists/${things.list}?tab=people`, "@ana.test"],
  "moderation list": [() => `${ben}/lists/${things.mod}`, "Moderation list"],
  "starter pack": [() => `/starter-pack/ben.test/${things.pack}`, "Begin with boats"],
  feed: [() => `${ben}/feed/${things.feed}`, "does not answer"],
  covered: [() => `${ben}/post/${things.covered}`, "Content warning"],
  keys: [() => "/app/keys", "Keyboard shortcuts"],
};

const OWN: Record<string, readonly [path: () => string, words: string]> = {
  ...PAGES,
  thread: [() => `${ben}/post/${things.post}`, "Oars up"],
  "lists of mine": [() => `/app/lists?did=${life.didOf("ben")}`, "You have no lists yet"],
  "new list": [() => "/app/list", "What kind of list?"],
  label: [
    () =>
      `/app/moderate?${new URLSearchParams({ uri: `at://${life.didOf("ben")}/app.bsky.feed.post/${things.post}`, do: "label" }).toString()}`,
    "Which label?",
  ],
  wishes: [() => "/app/wishes", "Not about boats"],
};

async function look(
  { page, go }: Visitor,
  who: string,
  [name, [path, words]]: [string, readonly [() => string, string]],
) {
  await go(path());
  await page.getByText(words).first().waitFor();
  await assertReadable(page, `page-${who}-${name.replaceAll(" ", "-")}`);
}

describe.each([
  ["a guest", PAGES],
  ["a moderator", OWN],
] as const)("%s", (who, pages) => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = who === "a guest" ? await life.guest() : await life.member("ana");
  });
  afterAll(() => visitor?.leave());

  test.each(Object.entries(pages))("%s", async (name, page) => {
    await look(visitor, who.slice(2), [name, page]);
    expect(visitor.page.isClosed()).toBe(false);
  });
});
