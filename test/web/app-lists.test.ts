/** Lists by forms alone: making, changing and deleting them, who is on them, and keeping away from them. */
import { beforeAll, describe, expect, test } from "vitest";
import { Person } from "../support/appview-host.ts";
import { Visitor } from "../support/visitor.ts";

let ada: Person;
let bea: Person;
let cleo: Person;
const visitor = new Visitor();
const LIST = "app.bsky.graph.list";
const ITEM = "app.bsky.graph.listitem";

const rkeyOf = (uri: string) => uri.split("/").at(-1) ?? "";
const records = async (who: Person, collection: string) =>
  (await who.get("com.atproto.repo.listRecords", { repo: who.did, collection })).records;

beforeAll(async () => {
  [ada, bea, cleo] = await Promise.all([
    Person.join("ada-lists"),
    Person.join("bea-lists"),
    Person.join("cleo-lists"),
  ]);
  await bea.post("heard on the list");
  await visitor.signIn(ada.member.handle, ada.member.password);
});

const buttons = (html: string, does: string): string =>
  new RegExp(`name="do" value="(${does}[^"]*)"`).exec(html)?.[1] ?? "";

async function make(fields: Record<string, string>): Promise<string> {
  await visitor.get("/app/list");
  const { status, location } = await visitor.post("/app/list", fields);
  expect(status).toBe(303);
  return location ?? "";
}

describe("a list to read", () => {
  let path: string;
  let uri: string;

  test("is made from the own profile, empty, with its name as text", async () => {
    const own = `/profile/${ada.member.handle}/lists`;
    expect((await visitor.get(`/profile/${ada.member.handle}`)).html).toContain(`href="${own}"`);
    expect((await visitor.get(own)).html).toContain('href="/app/list"');
    path = await make({ name: '  Voices <b>"', description: "who speaks", purpose: "curate" });
    expect(path).toContain(`/profile/${ada.member.handle}/lists/`);
    const { html } = await visitor.get(path);
    expect(html).toContain("Voices &lt;b&gt;&quot;");
    const [record] = await records(ada, LIST);
    expect(record.value).toMatchObject({
      purpose: "app.bsky.graph.defs#curatelist",
      description: "who speaks",
    });
    ({ uri } = record);
  });

  test("takes people on from their profile, shows what they say, and lets them go", async () => {
    const profile = await visitor.get(`/profile/${bea.member.handle}`);
    expect(profile.html).toContain(`href="/app/lists?did=${encodeURIComponent(bea.did)}"`);
    const here = `/app/lists?did=${encodeURIComponent(bea.did)}`;
    await visitor.get(here);
    const added = await visitor.post("/app/act", { do: "enlist", uri, did: bea.did, back: here });
    expect([added.status, added.location]).toEqual([303, here]);
    const page = await visitor.get(here);
    expect(buttons(page.html, "unlist ")).not.toBe("");
    expect((await visitor.get(path.split("?")[0] ?? "")).html).toContain("heard on the list");
    const people = await visitor.get(path);
    expect(people.html).toContain("@bea-lists.test");
    await visitor.post("/app/act", { do: buttons(people.html, "unlist "), back: path });
    expect((await visitor.get(path)).html).not.toContain("@bea-lists.test");
    expect(await records(ada, ITEM)).toEqual([]);
  });

  test("is changed, and keeps what the form does not know", async () => {
    await ada.write(
      LIST,
      {
        ...(await records(ada, LIST))[0].value,
        avatar: undefined,
        purpose: "app.bsky.graph.defs#curatelist",
        other: 1,
      },
      rkeyOf(uri),
    );
    const form = await visitor.get(`/app/list?rkey=${rkeyOf(uri)}`);
    expect(form.html).toContain("Voices &lt;b&gt;&quot;");
    await visitor.post("/app/list", { rkey: rkeyOf(uri), name: "Choir", description: "" });
    const [record] = await records(ada, LIST);
    expect(record.value).toMatchObject({
      name: "Choir",
      other: 1,
      purpose: "app.bsky.graph.defs#curatelist",
    });
    expect(record.value.description).toBeUndefined();
  });

  test("is deleted with who is on it, and nothing else", async () => {
    const other = await make({ name: "Other", purpose: "curate" });
    const [{ uri: kept }] = (await records(ada, LIST)).filter(
      ({ value }: never) => (value as { name: string }).name === "Other",
    );
    for (const list of [uri, kept]) {
      await visitor.get("/app/list");
      await visitor.post("/app/act", { do: "enlist", uri: list, did: cleo.did });
    }
    await visitor.get(`/app/list?rkey=${rkeyOf(uri)}`);
    const gone = await visitor.post("/app/list", { do: "delete", rkey: rkeyOf(uri) });
    expect(gone.location).toBe(`/profile/${ada.member.handle}/lists`);
    expect((await records(ada, ITEM)).map(({ value }: never) => (value as { list: string }).list)).toEqual([
      kept,
    ]);
    expect((await visitor.get(path)).status).toBe(404);
    expect((await visitor.get(other)).html).toContain("@cleo-lists.test");
  });
});

test("a moderation list is muted and blocked by others, and let go", async () => {
  const list = await bea.list("Loud ones", "modlist");
  await bea.enlist(list, cleo);
  const path = `/profile/${bea.member.handle}/lists/${rkeyOf(list.uri)}`;
  for (const [does, undoes] of [
    ["mute-list", "unmute-list"],
    ["block-list", "unblock-list "],
  ] as const) {
    const page = await visitor.get(path);
    expect(buttons(page.html, does)).toBe(does);
    expect((await visitor.post("/app/act", { do: does, uri: list.uri, back: path })).location).toBe(path);
    const view = (await ada.get("app.bsky.actor.getProfile", { actor: cleo.did })).viewer;
    expect(does === "mute-list" ? view.muted : view.blockingByList !== undefined).toBe(true);
    const after = await visitor.get(path);
    const undo = buttons(after.html, undoes);
    expect(undo).not.toBe("");
    await visitor.post("/app/act", { do: undo, uri: list.uri, back: path });
  }
  const view = (await ada.get("app.bsky.actor.getProfile", { actor: cleo.did })).viewer;
  expect([view.muted, view.blockingByList]).toEqual([false, undefined]);
});

describe("what is wrong is told, and changes nothing", () => {
  test.each([
    [{ name: "  " }, "Please give the list a name."],
    [{ name: "ü".repeat(33) }, "too long"],
    [{ name: "fits", description: "x".repeat(301) }, "too long"],
  ])("%j", async (fields, words) => {
    const before = (await records(ada, LIST)).length;
    await visitor.get("/app/list");
    const { status, text, html } = await visitor.post("/app/list", { purpose: "mod", ...fields });
    expect([status, text.includes(words)]).toEqual([400, true]);
    expect(html).toMatch(/value="mod"[^>]*checked/);
    expect(await records(ada, LIST)).toHaveLength(before);
  });

  test("lists of others, and what is none", async () => {
    const list = await bea.list("Not yours", "curatelist");
    await visitor.get("/app/list");
    for (const fields of [
      { do: "enlist", uri: list.uri, did: cleo.did },
      { do: "enlist", uri: "https://example.com", did: cleo.did },
      { do: "enlist", uri: `at://${ada.did}/app.bsky.feed.post/3aaaaaaaaaa2a`, did: cleo.did },
      { do: "unlist ../x" },
      { do: "mute-list", uri: "" },
    ]) {
      expect([fields, (await visitor.post("/app/act", fields)).status]).toEqual([fields, 404]);
    }
    expect((await visitor.get(`/app/list?rkey=${rkeyOf(list.uri)}`)).status).toBe(404);
    expect((await visitor.post("/app/list", { rkey: rkeyOf(list.uri), name: "Mine" })).status).toBe(404);
    expect((await visitor.get("/app/lists?did=nobody")).status).toBe(404);
    expect(
      (await records(bea, LIST)).some(({ value }: never) => (value as { name: string }).name === "Not yours"),
    ).toBe(true);
  });
});
