/** The app as a guest sees it: pages, previews and feeds for readers, and what is kept from all of them. */
import { beforeAll, describe, expect, test } from "vitest";
import { asAdmin, bindings, fetchHost } from "../support/account-host.ts";
import { Person, type Ref } from "../support/appview-host.ts";

const BROWSER = { accept: "text/html", "cache-control": "no-cache" };

async function read(path: string, headers: Record<string, string> = {}) {
  const response = await fetchHost(path, { headers: { ...BROWSER, ...headers }, redirect: "manual" });
  return { status: response.status, headers: response.headers, html: await response.text() };
}

/** A picture of one pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const rkeyOf = ({ uri }: Ref) => uri.split("/").at(-1) ?? "";

let ada: Person;
let bea: Person;
/** Shows herself to members only. */
let shy: Person;
let first: Ref;
let reply: Ref;

const labelled = (...values: string[]) => ({
  labels: { $type: "com.atproto.label.defs#selfLabels", values: values.map((val) => ({ val })) },
});

beforeAll(async () => {
  [ada, bea, shy] = await Promise.all([
    Person.join("ada-app"),
    Person.join("bea-app"),
    Person.join("shy-app"),
  ]);
  await ada.write(
    "app.bsky.actor.profile",
    { displayName: "Ada <b>", description: "Numbers & https://example.com/x" },
    "self",
  );
  await shy.write(
    "app.bsky.actor.profile",
    { displayName: "Shy One", description: "a secret life", ...labelled("!no-unauthenticated") },
    "self",
  );
  first = await ada.post("The engine hums #loom", {
    langs: ["en"],
    facets: [
      {
        index: { byteStart: 17, byteEnd: 22 },
        features: [{ $type: "app.bsky.richtext.facet#tag", tag: "loom" }],
      },
    ],
  });
  reply = await bea.reply("It does hum", first);
  await shy.post("whispered to members");
});

const postPath = (who: Person, post: Ref) => `/profile/${who.member.handle}/post/${rkeyOf(post)}`;

describe("a guest reads", () => {
  test("the community at /: what it is, how to join, and what is new, without replies", async () => {
    const { status, html } = await read("/");
    expect(status).toBe(200);
    expect(html).toContain("Welcome to ");
    expect(html).toContain('href="/account/sign-up"');
    expect(html).toContain("The engine hums");
    expect(html).not.toContain("It does hum");
  });

  test("the best of the week, the most liked first", async () => {
    const second = await bea.post("liked by somebody");
    await ada.write("app.bsky.feed.like", { subject: second });
    const { html } = await read("/?tab=best");
    expect(html.indexOf("liked by somebody")).toBeGreaterThan(0);
    expect(html.indexOf("liked by somebody")).toBeLessThan(html.indexOf("The engine hums"));
  });

  test("a profile by handle and by DID", async () => {
    for (const name of [ada.member.handle, ada.did, ada.member.handle.toUpperCase()]) {
      const { status, html } = await read(`/profile/${name}`);
      expect([name, status]).toEqual([name, 200]);
      expect(html).toContain("The engine hums");
      expect(html).toContain('<a href="https://example.com/x" rel="nofollow ugc noopener"');
    }
  });

  test("a thread: the post, what answers it, and its signed record", async () => {
    const { html } = await read(postPath(ada, first));
    expect(html).toContain("It does hum");
    expect(html).toContain('href="/hashtag/loom"');
    expect(html).toContain(`<link rel="alternate" href="${first.uri}"/>`);
    const proof = /href="(\/xrpc\/com\.atproto\.sync\.getRecord[^"]*)"/.exec(html)?.[1] ?? "";
    const record = await fetchHost(proof.replaceAll("&amp;", "&"));
    expect(record.headers.get("content-type")).toBe("application/vnd.ipld.car");
    const above = await read(postPath(bea, reply));
    const body = above.html.slice(above.html.indexOf("<main"));
    expect(body.indexOf("The engine hums")).toBeGreaterThan(0);
    expect(body.indexOf("The engine hums")).toBeLessThan(body.indexOf("It does hum"));
  });

  test("hashtags, search, followers, and a profile's replies", async () => {
    await bea.follow(ada);
    expect((await read("/hashtag/loom")).html).toContain("The engine hums");
    expect((await read("/search?q=engine")).html).toContain("The engine hums");
    expect((await read("/search?q=bea-app&tab=people")).html).toContain("@bea-app.test");
    expect((await read(`/profile/${ada.member.handle}/followers`)).html).toContain("@bea-app.test");
    expect((await read(`/profile/${bea.member.handle}?tab=replies`)).html).toContain("It does hum");
  });

  test("a list, a starter pack, and a feed whose service is away", async () => {
    const list = await ada.list("Weavers", "curatelist");
    await ada.enlist(list, bea);
    const pack = await ada.write("app.bsky.graph.starterpack", { name: "Begin with looms", list: list.uri });
    const feed = await ada.write("app.bsky.feed.generator", {
      did: "did:web:away.invalid",
      displayName: "Loom feed",
    });
    const at = (kind: string, of: Ref) => `/profile/${ada.member.handle}/${kind}/${rkeyOf(of)}`;
    expect((await read(at("lists", list))).html).toContain("liked by somebody");
    expect((await read(`${at("lists", list)}?tab=people`)).html).toContain("@bea-app.test");
    const packPage = await read(`/starter-pack/${ada.member.handle}/${rkeyOf(pack)}`);
    expect(packPage.html).toContain("Begin with looms");
    expect(packPage.html).toContain("@bea-app.test");
    const feedPage = await read(at("feed", feed));
    expect([feedPage.status, feedPage.html.includes("Loom feed")]).toEqual([200, true]);
    expect(feedPage.html).toContain("does not answer at the moment");
    for (const kind of ["lists", "feeds", "starter-packs"]) {
      expect((await read(`/profile/${ada.member.handle}/${kind}`)).html).toMatch(
        /Weavers|Loom feed|Begin with looms/,
      );
    }
  });

  test("page by page, each post once", async () => {
    const many = await Person.join("many-app");
    for (let n = 0; n < 35; n++)
      await many.post(`post number ${n}.`, { createdAt: "2026-01-05T10:00:00.000Z" });
    const seen: string[] = [];
    let path: string | undefined = `/profile/${many.member.handle}`;
    for (let pages = 0; path !== undefined && pages < 5; pages++) {
      const { html } = await read(path);
      seen.push(...[...html.matchAll(/post number (\d+)\./g)].map(([, n]) => n ?? ""));
      path = /rel="next" href="([^"]*)"/.exec(html)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(seen.length).toBe(35);
    expect(new Set(seen).size).toBe(35);
  });
});

test("two posts of one key stand beside each other, as whoever writes chooses the key", async () => {
  const rkey = "3kmainmainmai";
  for (const who of [ada, bea]) {
    const text = `keyed by ${who.member.handle}`;
    await who.write("app.bsky.feed.post", { text }, rkey);
    expect((await read(`/profile/${who.member.handle}/post/${rkey}`)).html).toContain(text);
  }
  const { html } = await read("/");
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(ids.filter((id) => id?.endsWith(`/${rkey}`)).length).toBe(2);
  expect(new Set(ids).size).toBe(ids.length);
});

describe("what others are told of a page", () => {
  test("a post's author, text and record; an account's name, words and feed", async () => {
    const { html } = await read(postPath(ada, first));
    expect(html).toContain('<meta property="og:title" content="Ada &lt;b&gt; (@ada-app.test)"/>');
    expect(html).toContain('<meta property="og:description" content="The engine hums #loom"/>');
    const profile = await read(`/profile/${ada.member.handle}`);
    expect(profile.html).toContain('type="application/rss+xml"');
    expect(profile.html).toContain(
      `<link rel="alternate" href="at://${ada.did}/app.bsky.actor.profile/self"/>`,
    );
  });

  test("programs that make previews get the page at /, others what is for programs", async () => {
    const seen = await fetchHost("/", {
      headers: { accept: "*/*", "user-agent": "Slackbot-LinkExpanding 1.0" },
    });
    expect(await seen.text()).toContain('property="og:title"');
    const plain = await fetchHost("/", { headers: { accept: "*/*", "user-agent": "curl/8" } });
    expect(plain.headers.get("content-type")).toContain("text/plain");
  });

  test("RSS of an account and of the community, whose text is text", async () => {
    await ada.post("a < b & c > d");
    for (const path of ["/rss", `/profile/${ada.member.handle}/rss`]) {
      const { headers, html } = await read(path);
      expect(headers.get("content-type")).toContain("application/rss+xml");
      expect(html).toContain("a &amp;lt; b &amp;amp; c &amp;gt; d");
      expect(html).toContain(first.uri);
      expect(html).not.toContain("It does hum");
    }
  });
});

describe("kept from guests", () => {
  const PATHS = () => [
    "/",
    "/?tab=best",
    "/rss",
    `/profile/${shy.member.handle}`,
    `/profile/${shy.member.handle}/followers`,
    `/profile/${shy.member.handle}/rss`,
    "/search?q=whispered",
    "/search?q=shy-app&tab=people",
  ];

  test("an account that shows itself to members only, everywhere", async () => {
    await shy.follow(ada);
    await bea.write("app.bsky.feed.repost", { subject: await shy.post("whispered again") });
    const quoting = await bea.post("look at this", {
      embed: { $type: "app.bsky.embed.record", record: await shy.post("whispered a third time") },
    });
    const answer = await shy.reply("whispered in reply", first);
    const more = [
      `/profile/${bea.member.handle}`,
      postPath(bea, quoting),
      postPath(ada, first),
      postPath(shy, answer),
      `/profile/${ada.member.handle}/followers`,
    ];
    for (const path of [...PATHS(), ...more]) {
      const { html } = await read(path);
      expect(html.includes("whispered") && !path.includes("whispered"), path).toBe(false);
      expect(html.includes("Shy One") || html.includes("a secret life"), path).toBe(false);
    }
    const { html } = await read(`/profile/${shy.member.handle}`);
    expect(html).toContain('<meta name="robots" content="noindex"/>');
    expect(html).toContain("to signed-in people only");
  });

  test("what moderators took down, and who", async () => {
    const bad = await ada.post("dreadful words");
    expect((await read(postPath(ada, bad))).html).toContain("dreadful words");
    const subject = { $type: "com.atproto.repo.strongRef", ...bad };
    const taken = await asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: { subject, takedown: { applied: true } },
    });
    expect(taken.status).toBe(200);
    expect((await read(postPath(ada, bad))).status).toBe(404);
    for (const path of ["/", "/rss", `/profile/${ada.member.handle}`, "/search?q=dreadful"]) {
      expect((await read(path)).html.replaceAll("“dreadful”", "").includes("dreadful words"), path).toBe(
        false,
      );
    }
    const gone = await Person.join("gone-app");
    await gone.post("gone words");
    const repo = { $type: "com.atproto.admin.defs#repoRef", did: gone.did };
    await asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: { subject: repo, takedown: { applied: true } },
    });
    const page = await read(`/profile/${gone.member.handle}`);
    expect(page.status).toBe(404);
    expect((await read("/")).html).not.toContain("gone words");
  });

  test("media and previews that labels cover: adults' pictures are not even named", async () => {
    const upload = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
      method: "POST",
      headers: { authorization: ada.member.auth, "content-type": "image/png" },
      body: Uint8Array.from(atob(PIXEL), (char) => char.charCodeAt(0)),
    });
    const { blob } = await upload.json<{ blob: { ref: { $link: string } } }>();
    const embed = { $type: "app.bsky.embed.images", images: [{ image: blob, alt: "a pixel" }] };
    const plain = await ada.post("a picture", { embed });
    const shown = await read(postPath(ada, plain));
    expect(shown.html).toContain(`${blob.ref.$link}@jpeg" alt="a pixel"`);
    expect(shown.html).toContain('<meta property="og:image:alt" content="a pixel"/>');
    const adult = await ada.post("words about it", { embed, ...labelled("porn") });
    expect((await read(postPath(ada, adult))).html).not.toContain(blob.ref.$link);
    const { html } = await read(postPath(ada, adult));
    expect(html).not.toContain('content="words about it"');
    expect((await read("/")).html).not.toContain("words about it");
    expect((await read(`/profile/${ada.member.handle}/rss`)).html).not.toContain("words about it");
  });
});

describe("caches", () => {
  test("a guest's page may be shared for seconds, and is known by its tag", async () => {
    const { headers } = await read(`/profile/${ada.member.handle}`);
    expect(headers.get("cache-control")).toMatch(/^public, max-age=0, s-maxage=\d{1,2}$/);
    expect(headers.get("vary")).toContain("cookie");
    expect(headers.get("set-cookie")).toBeNull();
    const again = await read(`/profile/${ada.member.handle}`, { "if-none-match": headers.get("etag") ?? "" });
    expect([again.status, again.html]).toEqual([304, ""]);
  });

  test("a kept page is the same whatever else the address carries, and no other account's", async () => {
    const path = `/profile/${bea.member.handle}`;
    const kept = async (query = "") =>
      (await fetchHost(`${path}${query}`, { headers: { accept: "text/html" } })).text();
    const before = await kept();
    await bea.post("not yet in the cache");
    expect(await kept("?utm=1")).toBe(before);
    expect((await read(path)).html).toContain("not yet in the cache");
  });
});

describe("addresses where nothing is", () => {
  test.each([
    "/profile/nobody-here.test",
    "/profile/not a handle",
    "/profile/%E0%A4%A",
    "/profile/ada-app.test/post/nothing",
    "/profile/ada-app.test/post/a/b",
    "/profile/ada-app.test/nothing/x",
    "/starter-pack/ada-app.test/nothing",
    "/hashtag",
    "/search/more",
  ])("%s is a page that says so", async (path) => {
    const { status, headers, html } = await read(path);
    expect([status, headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    expect(html).toContain("Nothing here");
  });

  test("an unknown path is a page of the app, in the reader's language, with ways to go on", async () => {
    for (const path of ["/nowhere", "/profiles/x", "/lists"]) {
      const { status, html } = await read(path, { "accept-language": "de" });
      expect([path, status, html.includes('<html lang="de"')]).toEqual([path, 404, true]);
      expect(html).toContain('role="search"');
    }
  });

  test("a malformed cursor is no page", async () => {
    expect((await read(`/profile/${ada.member.handle}?cursor=nonsense`)).status).toBe(404);
  });

  test("where another AppView is used, a guest sees the front and nothing that members say", async () => {
    const { APPVIEW } = bindings;
    bindings.APPVIEW = "did:web:api.example#bsky_appview";
    try {
      for (const path of [`/profile/${ada.member.handle}`, "/", "/search?q=engine", "/rss"]) {
        const { status, html } = await read(path);
        expect([path, status]).toEqual([path, path === "/" ? 200 : 403]);
        expect(html).toContain("Welcome to ");
        expect(html).not.toContain("The engine hums");
      }
    } finally {
      bindings.APPVIEW = APPVIEW;
    }
  });
});

describe("the language", () => {
  test.each([
    ["de-AT,de;q=0.9,en;q=0.5", "de", "Willkommen bei"],
    ["fr, en;q=0.5, de;q=0.1", "en", "Welcome to"],
    ["fr", "en", "Welcome to"],
    ["de;q=0, en", "en", "Welcome to"],
    [";;;,,q=x", "en", "Welcome to"],
  ])("for %s is %s", async (accepted, lang, words) => {
    const { html, headers } = await read("/", { "accept-language": accepted });
    expect(html).toContain(`<html lang="${lang}" dir="ltr">`);
    expect(html).toContain(words);
    expect(headers.get("content-language")).toBe(lang);
  });
});

test("style, script and manifest are where the pages say, and small enough", async () => {
  const { html } = await read("/");
  const sizes = new Map<string, number>();
  for (const [, path = ""] of html.matchAll(
    /(?:href|src)="(\/(?:app|account)\/[^"]*\.(?:css|js|webmanifest))"/g,
  )) {
    const answer = await fetchHost(path);
    expect([path, answer.status]).toEqual([path, 200]);
    const packed = answer.body?.pipeThrough(new CompressionStream("gzip"));
    const kind = path.split(".").at(-1) ?? "";
    sizes.set(kind, (sizes.get(kind) ?? 0) + (await new Response(packed).arrayBuffer()).byteLength);
  }
  expect(sizes.get("css")).toBeLessThan(15_000);
  expect(sizes.get("js")).toBeLessThan(45_000);
  expect(sizes.has("webmanifest")).toBe(true);
});
