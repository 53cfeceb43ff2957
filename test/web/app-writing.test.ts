/** What members write: cards of links, drafts that other apps share, languages, and their own profile's pictures. */
import { createExecutionContext } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { wordsOfPage } from "../../src/web/app/cards/page-words.ts";
import worker from "../../src/worker.ts";
import { ORIGIN, bindings } from "../support/account-host.ts";
import { Person, type View } from "../support/appview-host.ts";
import { Visitor } from "../support/visitor.ts";

const PIXEL = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  (char) => char.charCodeAt(0),
);

let ada: Person;
let visitor: Visitor;

beforeAll(async () => {
  ada = await Person.join("ada-writing");
  visitor = new Visitor();
  await visitor.signIn(ada.member.handle, ada.member.password);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Answers for the outside, by address; everything else is not found. Returns what was asked for. */
function publish(pages: Record<string, () => Response | Promise<Response>>): string[] {
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const address = String(input instanceof Request ? input.url : input);
    asked.push(address);
    return (await pages[address]?.()) ?? new Response("not found", { status: 404 });
  });
  return asked;
}

const page =
  (head: string, type = "text/html; charset=utf-8") =>
  () =>
    new Response(`<!doctype html><html><head>${head}</head><body>words</body></html>`, {
      headers: { "content-type": type },
    });

let made = 0;
/** A link that nothing has been kept of. */
const link = () => `https://site${made++}-${Date.now()}.example.org/page`;

const latest = async (): Promise<View> =>
  (await ada.get("app.bsky.feed.getAuthorFeed", { actor: ada.did })).feed[0].post;

/** A field of the form that is shown. */
const hidden = (html: string, name: string): string =>
  (new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? "")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");

async function offer(text: string) {
  await visitor.get("/intent/compose");
  return visitor.post("/app/card", { text });
}

describe("a card", () => {
  test("of the first link, looked at before, with its picture kept, and in the post as apps read it", async () => {
    const uri = link();
    const asked = publish({
      [uri]: page(
        `<title>no</title><meta property="og:title" content="Boats &amp; bees &#x2014; a look"><meta name="description" content="All of it"><meta property="og:image" content="/face.png">`,
      ),
      [new URL("/face.png", uri).href]: () =>
        new Response(PIXEL, { headers: { "content-type": "image/png" } }),
    });
    const text = `read ${uri} and https://other.example.org/`;
    await visitor.get("/intent/compose");
    const shown = await visitor.post("/intent/compose", { text, do: "card" });
    expect(shown.text).toContain("Boats & bees — a look");
    const picture = /\/app\/card\/picture\?u=[^"]*/.exec(shown.html)?.[0] ?? "";
    const image = await visitor.get(picture.replaceAll("&amp;", "&"));
    expect([
      image.status,
      image.headers.get("content-type"),
      image.headers.get("x-content-type-options"),
    ]).toEqual([200, "image/png", "nosniff"]);
    const card = hidden(shown.html, "card");
    const answer = await visitor.post("/intent/compose", { text, card, lang: "en" });
    expect(answer.status).toBe(303);
    const { embed, record } = await latest();
    expect(embed.external).toMatchObject({ uri, title: "Boats & bees — a look", description: "All of it" });
    expect(embed.external.thumb).toContain(`/img/feed_thumbnail/plain/${ada.did}/`);
    expect(record.embed.external.thumb.mimeType).toBe("image/png");
    expect(new Set(asked.map((address) => new URL(address).host)).size).toBe(1);
    // Nothing on the page comes from the other site.
    const { html } = await visitor.get(answer.location ?? "");
    expect(html).not.toMatch(/src="https?:\/\/site/);
  });

  test("is taken away again, and is then in no post", async () => {
    const uri = link();
    publish({ [uri]: page("<title>Something</title>") });
    await visitor.get("/intent/compose");
    const shown = await visitor.post("/intent/compose", { text: uri, do: "card" });
    expect(hidden(shown.html, "card")).toContain("Something");
    const without = await visitor.post("/intent/compose", {
      text: uri,
      card: hidden(shown.html, "card"),
      do: "no-card",
    });
    expect(hidden(without.html, "card")).toBe("");
    await visitor.post("/intent/compose", { text: uri });
    expect((await latest()).embed).toBeUndefined();
  });

  test("stands beside a quote, and gives way to pictures", async () => {
    const quoted = await ada.post("worth quoting");
    const card = JSON.stringify({ uri: "https://example.org/", title: "T", description: "", image: null });
    await visitor.get("/intent/compose");
    await visitor.post("/intent/compose", { text: "beside", quote: quoted.uri, card });
    expect((await latest()).record.embed).toMatchObject({
      $type: "app.bsky.embed.recordWithMedia",
      media: { $type: "app.bsky.embed.external", external: { uri: "https://example.org/" } },
    });
  });

  test("is read from the edge's cache the next time", async () => {
    const uri = link();
    const asked = publish({ [uri]: page("<title>Once</title>") });
    expect((await offer(uri)).html).toContain("Once");
    await expect.poll(async () => (await offer(uri)).html).toContain("Once");
    expect(asked.filter((address) => address === uri).length).toBeLessThanOrEqual(2);
  });

  test.each([
    ["an address inside", "https://10.0.0.1/"],
    ["a name inside", "https://printer.local/"],
    ["another port", "https://example.org:8443/"],
    ["credentials", "https://me:secret@example.org/"],
  ])("is not fetched from %s", async (_, uri) => {
    const asked = publish({ [uri]: page("<title>secret</title>") });
    const { status, html } = await offer(`see ${uri}`);
    expect([status, html, asked]).toEqual([204, "", []]);
  });

  test("does not follow a redirect to a place inside", async () => {
    const uri = link();
    const asked = publish({
      [uri]: () => new Response(null, { status: 302, headers: { location: "https://printer.local/secret" } }),
    });
    expect((await offer(uri)).status).toBe(204);
    expect(asked).toEqual([uri]);
  });

  test.each([
    ["a file", () => new Response("x", { headers: { "content-type": "application/pdf" } })],
    ["an error", () => new Response("x", { status: 500, headers: { "content-type": "text/html" } })],
    ["nothing", () => Promise.reject(new Error("no route"))],
  ])("is none of %s", async (_, answer) => {
    const uri = link();
    publish({ [uri]: answer });
    expect((await offer(uri)).status).toBe(204);
  });

  test("of an endless page is made of its beginning", async () => {
    const uri = link();
    let sent = 0;
    publish({
      [uri]: () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              const text = sent === 0 ? "<title>Long</title>" : "x".repeat(64 * 1024);
              sent += text.length;
              controller.enqueue(new TextEncoder().encode(text));
            },
          }),
          { headers: { "content-type": "text/html" } },
        ),
    });
    expect((await offer(uri)).html).toContain("Long");
    expect(sent).toBeLessThan(2_000_000);
  });

  test("shows what a page says as text, whatever it says", async () => {
    const uri = link();
    publish({
      [uri]: page(
        `<meta property="og:title" content="&lt;script&gt;alert(1)&lt;/script&gt;"><title></title>`,
      ),
    });
    const { html } = await offer(uri);
    expect(html).toContain("&lt;script&gt;alert(1)");
    expect(html).not.toContain("<script>");
  });

  test("is asked for so often and no more", async () => {
    const uri = link();
    publish({ [uri]: page("<title>again</title>") });
    const context = createExecutionContext();
    const fetchLimited = (path: string, init?: RequestInit) =>
      worker.fetch(new Request(new URL(path, ORIGIN), init), { ...bindings, RATE_LIMITS: "on" }, context);
    const other = await Person.join("eager-writing");
    const eager = new Visitor(fetchLimited);
    await eager.signIn(other.member.handle, other.member.password);
    await eager.get("/intent/compose");
    const statuses: number[] = [];
    for (let n = 0; n < 62; n++)
      statuses.push((await eager.post("/app/card", { text: `${uri}/${n}` })).status);
    expect(statuses.slice(0, 60)).not.toContain(429);
    expect(statuses.slice(60)).toEqual([429, 429]);
  });
});

describe("what a page says of itself", () => {
  const words = (html: string, type = "text/html") =>
    wordsOfPage(new TextEncoder().encode(html), type, new URL("https://example.org/a/b"));

  test("in its own letters", async () => {
    const latin = Uint8Array.from([...Buffer.from("<title>Gr"), 0xfc, 0xdf, ...Buffer.from("e</title>")]);
    const { title } = await wordsOfPage(
      latin,
      "text/html; charset=iso-8859-1",
      new URL("https://example.org/"),
    );
    expect(title).toBe("Grüße");
  });

  test("the first title, on one line, with its references read", async () => {
    expect(
      await words("<title>\n A &amp; B&hellip; &#39;c&#39; &nope; </title><svg><title>icon</title></svg>"),
    ).toEqual({
      title: "A & B… 'c' &nope;",
      description: "",
      image: null,
    });
  });

  test.each([
    ["../x.png", "https://example.org/x.png"],
    ["//cdn.example.org/x.png", "https://cdn.example.org/x.png"],
    ["javascript:alert(1)", null],
    ["data:image/png;base64,x", null],
  ])("a picture at %s", async (content, image) => {
    expect((await words(`<meta property="og:image" content="${content}">`)).image).toBe(image);
  });

  test("nothing at all", async () => {
    expect(await words("")).toEqual({ title: "", description: "", image: null });
  });
});

describe("a draft", () => {
  test("is kept, found in other apps, changed there, finished here, and gone once posted", async () => {
    const quoted = await ada.post("quoted in a draft");
    await visitor.get("/intent/compose");
    const kept = await visitor.post("/intent/compose", {
      text: "half a thought",
      do: "draft",
      lang: "de",
      who: "followed",
      warning: "nudity",
      quote: quoted.uri,
    });
    expect(kept.location).toBe("/app/drafts");
    const { drafts } = await ada.get("app.bsky.draft.getDrafts");
    const [{ id, draft }] = drafts;
    expect(draft).toMatchObject({
      langs: ["de"],
      threadgateAllow: [
        { $type: "app.bsky.feed.threadgate#followingRule" },
        { $type: "app.bsky.feed.threadgate#mentionRule" },
      ],
      posts: [
        {
          text: "half a thought",
          labels: { values: [{ val: "nudity" }] },
          embedRecords: [{ record: { uri: quoted.uri } }],
        },
      ],
    });
    await ada.do("app.bsky.draft.updateDraft", {
      draft: { id, draft: { ...draft, posts: [{ ...draft.posts[0], text: "a whole thought" }] } },
    });
    expect((await visitor.get("/app/drafts")).text).toContain("a whole thought");
    const form = await visitor.get(`/intent/compose?draft=${id}`);
    expect(form.html).toContain(">a whole thought</textarea>");
    expect(form.html).toMatch(/<option value="followed" selected/);
    expect(form.html).toMatch(/<option value="de" selected/);
    const fields = { text: "a whole thought", draft: id, who: "followed", lang: "de", quote: quoted.uri };
    expect((await visitor.post("/intent/compose", fields)).status).toBe(303);
    expect((await ada.get("app.bsky.draft.getDrafts")).drafts).toEqual([]);
    expect((await latest()).threadgate.record.allow.length).toBe(2);
  });

  test("of another app keeps what the form cannot show", async () => {
    const list = await ada.list("Crew", "curatelist");
    const rule = { $type: "app.bsky.feed.threadgate#listRule", list: list.uri };
    const draft = {
      deviceId: "11111111-1111-4111-8111-111111111111",
      threadgateAllow: [rule],
      posts: [
        { text: "with pictures", embedImages: [{ localRef: { path: "/phone/1.jpg" }, alt: "a boat" }] },
        { text: "and a second" },
      ],
    };
    const { id } = await ada.do("app.bsky.draft.createDraft", { draft });
    const form = await visitor.get(`/intent/compose?draft=${id}`);
    expect(form.text).toContain("kept in the app in which it was begun");
    await visitor.post("/intent/compose", { text: "with more words", draft: id, who: "kept", do: "draft" });
    const [found] = (await ada.get("app.bsky.draft.getDrafts")).drafts;
    expect(found.id).toBe(id);
    expect(found.draft).toMatchObject({
      ...draft,
      posts: [{ ...draft.posts[0], text: "with more words" }, draft.posts[1]],
    });
    await visitor.get("/app/drafts");
    await visitor.post("/app/drafts", { draft: id });
    expect((await ada.get("app.bsky.draft.getDrafts")).drafts).toEqual([]);
  });

  test("of somebody else is neither shown nor changed", async () => {
    const bea = await Person.join("bea-writing");
    const { id } = await bea.do("app.bsky.draft.createDraft", { draft: { posts: [{ text: "hers alone" }] } });
    expect((await visitor.get(`/intent/compose?draft=${id}`)).html).not.toContain("hers alone");
    await visitor.post("/intent/compose", { text: "mine", draft: id, do: "draft" });
    await visitor.post("/app/drafts", { draft: id });
    const { drafts } = await bea.get("app.bsky.draft.getDrafts");
    expect(drafts[0].draft.posts).toEqual([{ text: "hers alone" }]);
  });
});

describe("who may reply", () => {
  test("is as the member usually has it, also where the form has no such choice", async () => {
    const list = await ada.list("Friends", "curatelist");
    const rule = { $type: "app.bsky.feed.threadgate#listRule", list: list.uri };
    const preference = (rules: object[]) =>
      ada.do("app.bsky.actor.putPreferences", {
        preferences: [
          { $type: "app.bsky.actor.defs#postInteractionSettingsPref", threadgateAllowRules: rules },
        ],
      });
    await preference([]);
    expect((await visitor.get("/intent/compose")).html).toMatch(/<option value="nobody" selected/);
    await preference([rule]);
    const form = await visitor.get("/intent/compose");
    expect(form.html).toMatch(/<option value="kept" selected/);
    await visitor.post("/intent/compose", { text: "to my friends", who: "kept" });
    expect((await latest()).threadgate.record.allow).toEqual([rule]);
    await ada.do("app.bsky.actor.putPreferences", { preferences: [] });
  });
});

test("a post that is refused comes back with its pictures, its card and its language", async () => {
  await visitor.get("/intent/compose");
  const picture0 = JSON.stringify({ blob: { $type: "blob" }, width: 1, height: 1 });
  const card = JSON.stringify({ uri: "https://example.org/", title: "T", description: "", image: null });
  const again = await visitor.post("/intent/compose", {
    text: "x".repeat(301),
    picture0,
    alt0: "a boat",
    card,
    lang: "fr",
  });
  expect(again.status).toBe(400);
  expect(hidden(again.html, "picture0")).toBe(picture0);
  expect(again.html).toMatch(/name="alt0"[^>]*>\s*a boat</);
  expect(JSON.parse(hidden(again.html, "card"))).toMatchObject({ uri: "https://example.org/" });
  expect(again.html).toMatch(/<option value="fr" selected/);
});

describe("a profile's picture", () => {
  test("is set, kept while other things change, and taken away", async () => {
    await visitor.get("/app/profile");
    const answer = await visitor.upload("/app/profile", { name: "Ada", description: "" }, "avatar", PIXEL);
    expect(answer.status).toBe(303);
    const profile = () => ada.get("app.bsky.actor.getProfile", { actor: ada.did });
    expect((await profile()).avatar).toContain(`/img/avatar/plain/${ada.did}/`);
    await visitor.get("/app/profile");
    await visitor.upload("/app/profile", { name: "Ada L.", description: "" }, "banner", PIXEL);
    expect(await profile()).toMatchObject({
      displayName: "Ada L.",
      banner: expect.stringContaining("/img/banner/"),
    });
    const { html } = await visitor.get("/app/profile");
    expect(html).toMatch(/<img src="\/img\/avatar\/plain/);
    await visitor.post("/app/profile", { name: "Ada L.", description: "", "no-avatar": "1" });
    const after = await profile();
    expect([after.avatar, typeof after.banner]).toEqual([undefined, "string"]);
  });

  test.each([
    [
      "a drawing that may hold a script",
      new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ],
    ["more than 1 MB", Uint8Array.from({ length: 1_000_001 }, (_, i) => PIXEL[i] ?? 0)],
  ])("is not %s", async (_, bytes) => {
    await visitor.get("/app/profile");
    const answer = await visitor.upload(
      "/app/profile",
      { name: "Ada", description: "kept" },
      "avatar",
      new Uint8Array(bytes),
    );
    expect([answer.status, answer.text.includes("at most 1 MB")]).toEqual([400, true]);
    expect(answer.html).toContain(">kept</textarea>");
  });
});

test("the keys are listed, with their switch, for everybody", async () => {
  const guest = await new Visitor().get("/app/keys");
  expect(guest.status).toBe(200);
  expect(guest.text).toContain("Single letters are shortcuts");
  const german = await new Visitor().get("/app/keys", { "accept-language": "de" });
  expect(german.text).toContain("Tastenkürzel");
  expect((await visitor.get("/")).html).toContain('href="/app/keys"');
});
