/** Blocked links and hosts: what is hidden, for whom, and what brings it back. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { applyModeration } from "../../../src/appview/index/moderation.ts";
import { linkedDomains } from "../../../src/appview/blocked-links.ts";
import { allowLink, blockLinks } from "../../../src/lifecycle/blocked-links.ts";
import { settleDue } from "../../../src/lifecycle/settle.ts";
import { settlingServices } from "../../../src/lifecycle/services.ts";
import { BLOCKED_LINKS_MAX, BlockedLinks } from "../../../src/moderation/blocked-links.ts";
import { standingActs } from "../../../src/moderation/standing-acts.ts";
import { LEASE_MS } from "../../../src/identity/unsettled.ts";
import { HOST_DID, type Member, asAdmin, bindings, join, xrpc } from "../../support/account-host.ts";
import { outsider } from "../../support/outsider.ts";
import { type Holder, holderOf } from "./desk.ts";

const PATH = "/admin/links";
let moderator: Holder;
let author: Member;
let domain: string;
let made = 0;

beforeEach(async () => {
  domain = `scam${++made}.example`;
  [moderator, author] = [await holderOf("moderator"), await join()];
  await moderator.visitor.get(PATH);
});
afterEach(async () => {
  await bindings.DIRECTORY.prepare("DELETE FROM blocked_link").run();
  bindings.BLOCKED_HOSTS = "";
});

async function write(link: string): Promise<{ uri: string; cid: string }> {
  const text = "Look at this";
  const { body } = await xrpc("com.atproto.repo.createRecord", {
    auth: author.auth,
    input: {
      repo: author.did,
      collection: "app.bsky.feed.post",
      record: {
        $type: "app.bsky.feed.post",
        text,
        facets: [
          {
            index: { byteStart: 0, byteEnd: 4 },
            features: [{ $type: "app.bsky.richtext.facet#link", uri: link }],
          },
        ],
        createdAt: new Date().toISOString(),
      },
    },
  });
  return { uri: String(body.uri), cid: String(body.cid) };
}

const rkeyOf = (uri: string) => uri.split("/").at(-1) ?? "";

const isShown = async ({ uri }: { uri: string }) => {
  const { body } = await xrpc("app.bsky.feed.getPosts", { auth: author.auth, params: { uris: uri } });
  return Array.isArray(body.posts) && body.posts.length === 1;
};
const block = (domains: string) => moderator.visitor.post(PATH, { step: "block", domains });
const allow = () => moderator.visitor.post(PATH, { step: "allow", domain });
const remove = ({ uri }: { uri: string }) =>
  xrpc("com.atproto.repo.deleteRecord", {
    auth: author.auth,
    input: { repo: author.did, collection: "app.bsky.feed.post", rkey: rkeyOf(uri) },
  });
const takedowns = async () =>
  (
    await bindings.APPVIEW_DB.prepare("SELECT ref FROM takedown WHERE ref LIKE 'blocked link%'").all<{
      ref: string;
    }>()
  ).results.map(({ ref }) => ref);

test("a post's domains are those of its links, with those above them", () => {
  const link = (uri: string) => ({ features: [{ uri }] });
  const record = {
    facets: [link("https://Shop.Example.com:8443/x"), link("https://example.com./"), link("no link")],
    embed: { media: { external: { uri: "https://a.b.c.d.e.f.g.example.org" } } },
  };
  expect(linkedDomains(record)).toEqual([
    "shop.example.com",
    "example.com",
    "d.e.f.g.example.org",
    "e.f.g.example.org",
    "f.g.example.org",
    "g.example.org",
    "example.org",
  ]);
  expect(linkedDomains({ facets: [null, { features: "x" }], embed: 3 })).toEqual([]);
});

describe("a blocked link", () => {
  test("hides posts that there are and that come, below the domain as well, until it is allowed", async () => {
    const old = await write(`https://www.${domain}/offer`);
    const other = await write("https://fine.example/");
    expect((await block(`https://www.${domain.toUpperCase()}/offer`)).text).toContain("are hidden here");
    const fresh = await write(`http://${domain}:8080/?x=1`);
    const below = await write(`https://shop.${domain}/`);
    expect(await Promise.all([old, other, fresh, below].map(isShown))).toEqual([false, true, false, false]);
    // It is in its author's repo still.
    const record = await xrpc("com.atproto.repo.getRecord", {
      params: { repo: author.did, collection: "app.bsky.feed.post", rkey: rkeyOf(fresh.uri) },
    });
    expect(record.status).toBe(200);
    expect((await moderator.visitor.get(PATH)).text).toContain(`${domain} 3 posts hidden`);
    await allow();
    expect(await Promise.all([old, other, fresh, below].map(isShown))).toEqual([true, true, true, true]);
  });

  test("spares a post that a moderator restores, and leaves alone what moderators decided", async () => {
    const [spared, taken] = [await write(`https://${domain}/1`), await write(`https://${domain}/2`)];
    const subject = { $type: "com.atproto.repo.strongRef", ...taken };
    await asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: { subject, takedown: { applied: true, ref: "scam" } },
    });
    await block(domain);
    const page = `/admin/reports/${encodeURIComponent(spared.uri)}`;
    expect((await moderator.visitor.get(page)).text).toContain(`Hidden: blocked link ${domain}`);
    await moderator.visitor.post(page, { step: "restore" });
    expect(await isShown(spared)).toBe(true);
    await allow();
    expect(await isShown(taken)).toBe(false);
  });

  test("keeps nothing of posts that are deleted", async () => {
    await block(domain);
    const posts = [await write(`https://${domain}/1`), await write(`https://${domain}/2`)];
    expect(await takedowns()).toEqual([`blocked link ${domain}`, `blocked link ${domain}`]);
    await Promise.all(posts.map(remove));
    expect(await takedowns()).toEqual([]);
  });

  test("stands over an index that lost it", async () => {
    await block(domain);
    await bindings.APPVIEW_DB.prepare("DELETE FROM blocked_link").run();
    for await (const acts of standingActs(bindings.DIRECTORY))
      await applyModeration(bindings.APPVIEW_DB, acts);
    expect(await isShown(await write(`https://${domain}/`))).toBe(false);
  });

  test("is carried out by the schedule if its caller dies", async () => {
    const post = await write(`https://${domain}/`);
    const services = settlingServices(bindings, null);
    const dying = { ...services, moderate: () => Promise.reject(new Error("the isolate died")) };
    await expect(blockLinks(dying, HOST_DID, [domain], "admin")).rejects.toThrow("died");
    expect(await isShown(post)).toBe(true);
    const later = settlingServices(bindings, null, () => Date.now() + LEASE_MS + 1000);
    const moderate = (acts: Parameters<typeof applyModeration>[1]) =>
      applyModeration(bindings.APPVIEW_DB, acts);
    await settleDue({ ...later, moderate });
    expect(await isShown(post)).toBe(false);
    await allowLink({ ...services, moderate }, HOST_DID, domain);
    expect(await isShown(post)).toBe(true);
  });

  test.each([
    ["nothing", " , "],
    ["no domain", "not a domain!"],
    ["a name of one part", "localhost"],
    ["an address of numbers", "192.0.2.1"],
    ["too many at once", Array.from({ length: 21 }, (_, i) => `a${i}.example`).join(" ")],
  ])("is not made of %s", async (_, domains) => {
    expect((await block(domains)).status).toBe(400);
    expect(await new BlockedLinks(bindings.DIRECTORY).list()).toEqual([]);
  });

  test("is one of five hundred at most", async () => {
    await bindings.DIRECTORY.prepare(
      `INSERT INTO blocked_link WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        SELECT 'x' || i || '.example', 'admin', '' FROM n`,
    )
      .bind(BLOCKED_LINKS_MAX)
      .run();
    expect((await block(domain)).text).toContain("No more than 500 domains");
    expect((await block("x1.example")).status).toBe(200);
  });
});

describe("a blocked host", () => {
  test("is listened to in nothing, nor is one below it", async () => {
    const stranger = await outsider();
    const report = () =>
      xrpc("com.atproto.moderation.createReport", {
        auth: stranger.auth("com.atproto.moderation.createReport"),
        input: {
          reasonType: "com.atproto.moderation.defs#reasonSpam",
          subject: { $type: "com.atproto.admin.defs#repoRef", did: author.did },
        },
      });
    expect((await report()).status).toBe(200);
    for (const names of ["elsewhere.example.com", "fine.example,example.com"]) {
      bindings.BLOCKED_HOSTS = names;
      expect(await report()).toMatchObject({ status: 403, body: { error: "Forbidden" } });
    }
    bindings.BLOCKED_HOSTS = "where.example.com,xample.com";
    expect((await report()).status).toBe(200);
  });

  test("is set by owners, in the form of DNS", async () => {
    const owner = await holderOf("owner");
    await owner.visitor.get(PATH);
    const bad = await owner.visitor.post(PATH, { step: "hosts", BLOCKED_HOSTS: "no host!" });
    expect(bad.text).toContain("which is no host");
    const answer = await moderator.visitor.post(PATH, { step: "hosts", BLOCKED_HOSTS: "x.example" });
    expect(answer.text).toContain("This page is for the owners");
    expect((await moderator.visitor.get(PATH)).text).not.toContain("Blocked hosts");
    expect((await owner.visitor.get(PATH)).text).toContain("Blocked hosts");
  });
});
