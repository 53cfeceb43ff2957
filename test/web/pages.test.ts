/** The words and colours of the pages. */
import { expect, test } from "vitest";
import { askedFor } from "../../src/web/pages/scope-words.ts";
import { contrast, parseColour, shoreline, themeOf } from "../../src/web/pages/theme.ts";

const titles = (scope: string) => askedFor(scope, new Map()).map(({ title }) => title);

test.each([
  "#0e7c86",
  "#ffd43b",
  "#9be564",
  "#d6336c",
  "#ffff00",
  "#ffffff",
  "#000000",
  "#ff69b4",
  "#7f7f7f",
  "no colour",
])("a community of colour %s can be read by day and by night", (colour) => {
  const { brand, on, lit, deep, end, ink, night } = themeOf(colour);
  const at = (text: string) => parseColour(text) ?? [0, 0, 0];
  for (const ground of [brand, lit, end]) expect(contrast(at(on), at(ground))).toBeGreaterThanOrEqual(4.5);
  expect(contrast(at(deep), [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
  expect(contrast(at(lit), [20, 24, 31])).toBeGreaterThanOrEqual(2);
  expect(contrast(at(ink), [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
  expect(contrast(at(night), [20, 24, 31])).toBeGreaterThanOrEqual(4.5);
});

test("a bright colour stays what it is, under ink", () => {
  expect(themeOf("#ffd43b")).toMatchObject({ brand: "#ffd43b", lit: "#ffd43b", on: "#0e1218" });
  expect(themeOf("#0e7c86")).toMatchObject({ brand: "#0e7c86", on: "#ffffff" });
});

test("a community's atoll is its own, and always the same", () => {
  expect(shoreline("Lagoon", 30, 0.2)).toBe(shoreline("Lagoon", 30, 0.2));
  expect(shoreline("Lagoon", 30, 0.2)).not.toBe(shoreline("Harbour", 30, 0.2));
});

test("every scope has words", () => {
  expect(titles("atproto")).toEqual(["Know who you are"]);
  expect(titles("atproto transition:generic")).toContain("Use your account as you would");
  expect(titles("atproto transition:chat.bsky")).toContain("Read and send your private messages");
  expect(titles("atproto transition:email")).toContain("See your e-mail address");
  expect(titles("atproto repo:app.bsky.feed.post")).toContain("Add, change and delete your posts");
  expect(titles("atproto repo:app.bsky.feed.like?action=create")).toContain("Add your likes");
  expect(titles("atproto repo:*")).toContain("Add, change and delete anything in your repository");
  expect(titles("atproto repo:com.example.a")).toContain("Add, change and delete records of one other kind");
  expect(titles("atproto blob:image/* blob:video/*")).toContain("Upload pictures and videos");
  expect(titles("atproto blob:*/*")).toContain("Upload files of any kind");
  expect(titles("atproto rpc:app.bsky.feed.getTimeline?aud=did:web:api.bsky.app%23bsky_appview")).toContain(
    "Use api.bsky.app in your name",
  );
  expect(titles("atproto account:repo?action=manage")).toContain("Replace everything you ever posted");
  expect(titles("atproto account:status?action=manage")).toContain("Switch your account off and on");
  expect(titles("atproto identity:handle")).toContain("Change your handle");
  expect(titles("atproto identity:*")).toContain("Change your identity, and move your account elsewhere");
});

test("what can cost an account is marked", () => {
  const grave = askedFor("atproto identity:* repo:* transition:chat.bsky blob:image/*", new Map())
    .filter((asked) => asked.grave)
    .map(({ title }) => title);
  expect(grave).toHaveLength(3);
});

test("a set of permissions is shown by its author's title, with who that is and what is in it", () => {
  const set = {
    title: "Basic app",
    detail: "Read and write.",
    permissions: [{ type: "permission" as const, resource: "repo", collection: ["com.example.app.note"] }],
  };
  const [, asked] = askedFor(
    "atproto include:com.example.app.basic",
    new Map([["com.example.app.basic", set]]),
  );
  expect(asked).toMatchObject({ title: "Basic app", detail: "Read and write. Defined by example.com." });
  expect(asked?.exactly).toEqual(["include:com.example.app.basic", "repo:com.example.app.note"]);
});
