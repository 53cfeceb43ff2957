/** Labels on pages: the community's own, by what their definitions and the reader say, and warnings everywhere. */
import { AtpAgent } from "@atproto/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bindings, fetchHost, HOST_DID, ORIGIN } from "../support/account-host.ts";
import { Person, type Ref } from "../support/appview-host.ts";
import { Visitor } from "../support/visitor.ts";
import { type Holder, holderOf } from "./admin/desk.ts";

const OWN = [
  {
    value: "off-topic",
    name: "Off <topic>",
    description: "Not about boats",
    severity: "inform",
    blurs: "none",
  },
  {
    value: "spoiler",
    name: "Spoiler",
    description: "Tells how it ends",
    severity: "alert",
    blurs: "content",
  },
  { value: "loud", name: "Loud pictures", description: "", severity: "alert", blurs: "media" },
];
const TALE = "the captain did it";

let moderator: Holder;
let ada: Person;
let post: Ref;
const reader = new Visitor();
const guest = new Visitor();
let agent: AtpAgent;

const rkeyOf = ({ uri }: Ref) => uri.split("/").at(-1) ?? "";
const thread = (of: Ref, by = ada) => `/profile/${by.member.handle}/post/${rkeyOf(of)}`;
const fresh = (path: string, visitor = guest) => visitor.get(path, { "cache-control": "no-cache" });

async function label(subject: Record<string, string>, value: string): Promise<void> {
  const { visitor } = moderator;
  await visitor.get(`/app/moderate?${new URLSearchParams({ ...subject, do: "label" }).toString()}`);
  const sent = await visitor.post("/app/moderate", { ...subject, do: "label", label: value, back: "/saved" });
  expect([value, sent.location]).toEqual([value, "/saved"]);
}

async function wish(fields: Record<string, string>): Promise<void> {
  await reader.get("/app/wishes");
  expect((await reader.post("/app/wishes", { do: "filters", ...fields })).status).toBe(303);
}

beforeAll(async () => {
  bindings.OWN_LABELS = JSON.stringify(OWN);
  moderator = await holderOf("moderator");
  const [author, bea] = await Promise.all([Person.join("ada-labels"), Person.join("bea-labels")]);
  ada = author;
  post = await ada.post(TALE);
  await reader.signIn(bea.member.handle, bea.member.password);
  agent = new AtpAgent({
    service: ORIGIN,
    fetch: (input, init) => {
      const request = new Request(input as Request, init as RequestInit);
      return fetchHost(request.url, request) as never;
    },
  });
  await agent.login({ identifier: bea.member.handle, password: bea.member.password });
});

afterAll(() => {
  bindings.OWN_LABELS = "";
});

describe("a label of the community's own", () => {
  test("is a note, a cover of the words or of the pictures, as its definition says", async () => {
    await label({ uri: post.uri }, "off-topic");
    for (const visitor of [guest, reader]) {
      const { html } = await fresh(thread(post), visitor);
      expect(html).toContain("Off &lt;topic&gt;");
      expect(html).not.toContain('<details class="cover">');
    }
    await label({ uri: post.uri }, "spoiler");
    for (const visitor of [guest, reader]) {
      const { html, text } = await fresh(thread(post), visitor);
      expect(text).toContain("Content warning: Spoiler");
      expect(html.slice(html.indexOf('<details class="cover">'))).toContain(TALE);
      expect(html.slice(0, html.indexOf("<body"))).not.toContain(TALE);
    }
    expect((await fresh(`/profile/${ada.member.handle}/rss`)).html).not.toContain(TALE);
  });

  test("is among the filters of members, who hide it, are warned, or see it as it is", async () => {
    const { text, html } = await reader.get("/app/wishes");
    expect(text).toContain("Tells how it ends");
    expect(html).toContain('name="own:spoiler"');
    await wish({ "own:spoiler": "hide" });
    expect((await reader.get("/?tab=local")).text).not.toContain(TALE);
    expect((await reader.get(thread(post))).text).toContain("Content warning: Spoiler");
    await wish({ "own:spoiler": "ignore", "own:off-topic": "ignore" });
    const seen = await reader.get(thread(post));
    expect(seen.html).not.toContain('<details class="cover">');
    expect(seen.html).not.toContain("Off &lt;topic&gt;");
    expect((await reader.get("/?tab=local")).text).toContain(TALE);
  });

  test("has its choice where other apps keep it, and the other way round", async () => {
    await wish({ "own:spoiler": "hide", "own:loud": "ignore" });
    const { labelers } = (await agent.getPreferences()).moderationPrefs;
    const kept = (await agent.app.bsky.actor.getPreferences()).data.preferences;
    expect(kept).toContainEqual(
      expect.objectContaining({ labelerDid: HOST_DID, label: "spoiler", visibility: "hide" }),
    );
    // The official client reads such choices for the labelers that a member follows.
    expect(labelers.every(({ did }) => did !== HOST_DID)).toBe(true);
    await agent.addLabeler(HOST_DID);
    const followed = (await agent.getPreferences()).moderationPrefs.labelers;
    expect(followed.find(({ did }) => did === HOST_DID)?.labels).toMatchObject({
      spoiler: "hide",
      loud: "ignore",
    });
    await agent.setContentLabelPref("spoiler", "warn", HOST_DID);
    const { html } = await reader.get("/app/wishes");
    const select = html.slice(html.indexOf('name="own:spoiler"'));
    expect(/<option value="(\w+)" selected/.exec(select)?.[1]).toBe("warn");
    expect((await reader.get("/?tab=local")).text).toContain("Content warning: Spoiler");
  });

  test("means nothing when an author or another labeler uses the word", async () => {
    const own = await ada.post("spoilt by its author", {
      labels: { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "spoiler" }] },
    });
    const { html } = await fresh(thread(own));
    expect(html.slice(html.indexOf("<main"))).not.toContain('<details class="cover">');
  });

  test("that the form does not have changes nothing", async () => {
    const before = (await agent.app.bsky.actor.getPreferences()).data.preferences;
    await wish({ "own:constructor": "hide", "own:spoiler": "perhaps" });
    const after = (await agent.app.bsky.actor.getPreferences()).data.preferences;
    const labels = (all: typeof before) => all.filter(({ $type }) => $type?.endsWith("contentLabelPref"));
    expect(labels(after)).toEqual(labels(before));
  });
});

describe("what moderators warn about", () => {
  test("covers what an account says of itself, its face, and its row in lists", async () => {
    const eve = await Person.join("eve-labels");
    await eve.write("app.bsky.actor.profile", { displayName: "Eve", description: "awful words" }, "self");
    await eve.follow(ada);
    expect((await fresh(`/profile/${ada.member.handle}/followers`)).text).toContain("awful words");
    await label({ did: eve.did }, "!warn");
    const { html } = await fresh(`/profile/${eve.member.handle}`);
    const main = html.slice(html.indexOf("<main"));
    expect(main.indexOf('<details class="cover">')).toBeGreaterThan(0);
    expect(main.indexOf("awful words")).toBeGreaterThan(main.indexOf('<details class="cover">'));
    expect(html.slice(0, html.indexOf("<body"))).not.toContain("awful words");
    expect((await fresh(`/profile/${ada.member.handle}/followers`)).text).not.toContain("awful words");
  });

  test("covers lists, feeds and starter packs: on their pages, in rows, in quotes and in previews", async () => {
    const list = await ada.write("app.bsky.graph.list", {
      name: "Nasty names",
      description: "nasty lines",
      purpose: "app.bsky.graph.defs#curatelist",
    });
    const feed = await ada.write("app.bsky.feed.generator", {
      did: "did:web:away.invalid",
      displayName: "Nasty names",
      description: "nasty lines",
    });
    const pack = await ada.write("app.bsky.graph.starterpack", {
      name: "Nasty names",
      description: "nasty lines",
      list: list.uri,
    });
    const own = `/profile/${ada.member.handle}`;
    const pages = [
      [`${own}/lists/${rkeyOf(list)}`, `${own}/lists`, list],
      [`${own}/feed/${rkeyOf(feed)}`, `${own}/feeds`, feed],
      [`/starter-pack/${ada.member.handle}/${rkeyOf(pack)}`, `${own}/starter-packs`, pack],
    ] as const;
    for (const [path, rows, thing] of pages) {
      expect((await fresh(rows)).text).toContain("Nasty names");
      const quoting = await ada.post("see", {
        embed: { $type: "app.bsky.embed.record", record: { uri: thing.uri, cid: thing.cid } },
      });
      await label({ uri: thing.uri }, "!warn");
      const { html } = await fresh(path);
      expect([path, html.slice(0, html.indexOf("<body")).includes("asty")]).toEqual([path, false]);
      const main = html.slice(html.indexOf("<main"));
      expect(main.indexOf("Nasty names"), path).toBeGreaterThan(main.indexOf('<details class="cover">'));
      expect((await fresh(thread(quoting))).text).not.toContain("Nasty names");
      expect((await fresh(rows)).text).not.toContain("asty");
      await label({ uri: thing.uri }, "!hide");
      expect((await fresh(path)).html).not.toContain("asty");
      expect((await fresh(rows)).text).not.toContain("asty");
    }
  });
});
