/** The words of the consent page: few, merged, and what matters most first. */
import { describe, expect, test } from "vitest";
import { askedFor } from "../../src/web/consent/scope-words.ts";

const NO_SETS = new Map();
const askedOf = (scope: string) => askedFor(`atproto ${scope}`, NO_SETS);
const titles = (scope: string) => askedOf(scope).map(({ title }) => title);
/** Without the line that every app has. */
const told = (scope: string) => titles(scope).slice(0, -1);

test.each([
  ["transition:generic", "Use your account as you would"],
  ["transition:chat.bsky", "Read and send your private messages"],
  ["transition:email", "See your e-mail address"],
  ["account:email", "See your e-mail address"],
  ["account:email?action=manage", "See and change your e-mail address"],
  ["account:repo", "See how your account is stored"],
  ["account:repo?action=manage", "Replace everything you ever posted"],
  ["account:status", "See whether your account is switched on"],
  ["account:status?action=manage", "Switch your account off and on"],
  ["identity:handle", "Change your handle"],
  ["identity:*", "Change your identity and your handle, and move your account elsewhere"],
  ["repo:app.bsky.feed.post", "Add, change and delete your posts"],
  ["repo:app.bsky.feed.like?action=create", "Add your likes"],
  ["repo:app.bsky.feed.post?action=delete", "Delete your posts"],
  ["repo:*", "Add, change and delete anything in your repository"],
  ["repo:com.example.a", "Add, change and delete records of example.com"],
  ["blob:image/* blob:video/*", "Upload pictures and videos"],
  ["blob:*/*", "Upload files of any kind"],
  ["rpc:app.bsky.feed.getTimeline?aud=did:web:api.bsky.app%23bsky_appview", "Use api.bsky.app in your name"],
  ["rpc:app.bsky.feed.getTimeline?aud=*", "Use any service in your name"],
])("%s is “%s”", (scope, title) => {
  expect(told(scope)).toEqual([title]);
});

test("to know who somebody is comes last, since every app does", () => {
  expect(titles("")).toEqual(["Know who you are"]);
  expect(titles("identity:* repo:app.bsky.feed.post").at(-1)).toBe("Know who you are");
});

describe("scopes that say alike are one line", () => {
  const collections = [
    "app.bsky.feed.post",
    "app.bsky.feed.like",
    "app.bsky.feed.repost",
    "app.bsky.graph.follow",
    "app.bsky.graph.block",
    "app.bsky.graph.list",
    "app.bsky.graph.listitem",
  ];

  test("one action each, of seven kinds of records", () => {
    const scope = ["create", "update", "delete"]
      .flatMap((action) => collections.map((nsid) => `repo:${nsid}?action=${action}`))
      .join(" ");
    expect(told(scope)).toEqual([
      "Add, change and delete your posts, your follows, your blocks and 4 other kinds of records",
    ]);
    expect(askedOf(scope)[0]?.exactly).toHaveLength(21);
  });

  test("many collections in one scope", () => {
    const scope = `repo?${collections.map((nsid) => `collection=${nsid}`).join("&")}&action=create`;
    expect(told(scope)).toEqual(["Add your posts, your follows, your blocks and 4 other kinds of records"]);
  });

  test("what a broader scope holds is not told again", () => {
    expect(told("repo:* repo:app.bsky.feed.post?action=create")).toHaveLength(1);
    expect(told("repo:*?action=create repo:app.bsky.feed.post?action=delete")).toHaveLength(2);
    expect(told("identity:* identity:handle")).toHaveLength(1);
  });

  test("kinds of one app, whatever they are called", () => {
    expect(told("repo:com.example.a repo:com.example.b repo:org.other.c")).toEqual([
      "Add, change and delete records of example.com and records of other.org",
    ]);
  });

  test("messages by an old scope and by a new one", () => {
    const scope =
      "transition:chat.bsky rpc:chat.bsky.convo.sendMessage?aud=did:web:api.bsky.chat%23bsky_chat";
    expect(told(scope)).toEqual(["Read and send your private messages"]);
    expect(askedOf(scope)[0]?.exactly).toHaveLength(2);
  });
});

describe("an app that asks for each function of a service by itself", () => {
  const groups = ["feed.getTimeline", "feed.getPosts", "notification.listNotifications", "graph.getFollows"];
  const functions = Array.from({ length: 123 }, (_, i) => `app.bsky.${groups[i % 4]}${i > 3 ? i : ""}`);
  const aud = "did:web:api.bsky.app%23bsky_appview";
  const whole = `rpc?${functions.map((lxm) => `lxm=${lxm}`).join("&")}&aud=${aud}`;

  test("is told what they are about, not how many there are", () => {
    const [use] = askedOf(whole);
    expect(use?.title).toBe("Use api.bsky.app in your name");
    expect(use?.detail).toBe("Feeds and posts, your notifications and follows, lists, mutes and blocks.");
    expect(use?.grave).toBeUndefined();
  });

  test("messages among them are told first, in words", () => {
    const chat =
      "rpc?lxm=chat.bsky.convo.listConvos&lxm=chat.bsky.convo.getMessages&aud=did:web:api.bsky.chat%23bsky_chat";
    const [first, second] = askedOf(`${whole} ${chat}`);
    expect(first).toMatchObject({
      title: "Read your private messages",
      detail: "All conversations, past ones too.",
      grave: true,
    });
    expect(second?.title).toBe("Use api.bsky.app in your name");
  });

  test("messages hidden among the functions of another service are told, too", () => {
    const hidden = `${whole}&lxm=chat.bsky.convo.sendMessage`;
    expect(told(hidden)).toEqual(["Read and send your private messages", "Use api.bsky.app in your name"]);
  });

  test("everything at the service of messages is messages", () => {
    expect(told("rpc:*?aud=did:web:api.bsky.chat%23bsky_chat")).toEqual([
      "Read and send your private messages",
    ]);
  });

  test("services that are used alike share a line", () => {
    const scope = ["a", "b", "c", "d"]
      .map((name) => `rpc:app.bsky.feed.getFeedSkeleton?aud=did:web:${name}.example%23bsky_fg`)
      .join(" ");
    expect(told(scope)).toEqual(["Use a.example, b.example and 2 other services in your name"]);
  });
});

test("what can cost an account comes first, marked, and says how", () => {
  const scope =
    "repo:app.bsky.feed.post blob:image/* identity:handle account:email?action=manage repo:* transition:chat.bsky account:status?action=manage rpc:com.atproto.server.createAccount?aud=* rpc:tools.ozone.moderation.emitEvent?aud=*";
  const asked = askedOf(scope);
  const marked = asked.filter(({ grave }) => grave);
  expect(marked).toHaveLength(7);
  expect(asked.slice(0, 7)).toEqual(marked);
  for (const { title, detail } of marked) expect(detail, title).toMatch(/\.$/);
});

test("no request makes a long list", () => {
  const services = Array.from({ length: 40 }, (_, i) => `rpc:*?aud=did:web:s${i}.example%23x`);
  const kinds = Array.from({ length: 40 }, (_, i) => `repo:com.app${i}.record?action=create`);
  const long = askedOf([...services, ...kinds, "transition:generic transition:email blob:*/*"].join(" "));
  expect(long.length).toBeLessThanOrEqual(7);
  for (const { title } of long) expect(title.length).toBeLessThan(120);
});

describe("a set of permissions", () => {
  const basic = {
    title: "Basic app",
    detail: "Read and write.",
    permissions: [{ type: "permission" as const, resource: "repo", collection: ["com.example.app.note"] }],
  };
  const setOf = (set: object) => new Map([["com.example.app.basic", set as typeof basic]]);
  const scope = "atproto include:com.example.app.basic";

  test("is shown by its author's title, with who that is and what is in it", () => {
    const [asked] = askedFor(scope, setOf(basic));
    expect(asked).toMatchObject({ title: "Basic app", detail: "Read and write. Defined by example.com." });
    expect(asked?.exactly).toEqual(["include:com.example.app.basic", "repo:com.example.app.note"]);
  });

  test("says nothing by marks that nobody sees, nor at length", () => {
    const title = `\u202e${"Safe ".repeat(100)}`;
    const [asked] = askedFor(scope, setOf({ ...basic, title }));
    expect(asked?.title).toMatch(/^Safe Safe/);
    expect(asked?.title.length).toBeLessThanOrEqual(80);
  });

  test("that nobody described is named after who defined it", () => {
    expect(askedFor(scope, new Map())[0]?.title).toBe("Use example.com");
  });
});
