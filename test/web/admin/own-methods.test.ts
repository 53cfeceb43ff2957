/** The methods beside the admin's pages: archives, blocked links, announcements and settings, over XRPC. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readCar } from "../../../src/protocol/car.ts";
import { type Member, asAdmin, bindings, fetchHost, ADMIN, join, xrpc } from "../../support/account-host.ts";
import { sweepAll } from "../../lifecycle/agreement.ts";
import { type Holder, holderOf } from "./desk.ts";

const own = (name: string) => `internal.atoll.admin.${name}`;
const ask = async (name: string, input: object) => asAdmin(own(name), { input });
const list = async (name: string, params: Record<string, string> = {}) =>
  (await asAdmin(own(name), { params })).body;

let member: Member;
beforeEach(async () => {
  member = await join();
});

const post = async (by: Member, text: string, more: object = {}) =>
  String(
    (
      await xrpc("com.atproto.repo.createRecord", {
        auth: by.auth,
        input: {
          repo: by.did,
          collection: "app.bsky.feed.post",
          record: { $type: "app.bsky.feed.post", text, createdAt: new Date().toISOString(), ...more },
        },
      })
    ).body.uri,
  );

describe("archives", () => {
  beforeEach(async () => {
    await bindings.DIRECTORY.prepare("DELETE FROM archive").run();
  });

  test("are made, listed, read and brought back", async () => {
    const uri = await post(member, "Words that last");
    expect((await ask("archiveAccount", { did: member.did, days: 0 })).body.error).toBe("InvalidRequest");
    const made = await ask("archiveAccount", { did: member.did, days: 7 });
    expect(made.body.archive).toMatchObject({ did: member.did, handle: member.handle, actor: "admin" });
    await sweepAll();
    const { archives } = (await list("listArchives")) as { archives: { did: string; madeAt: number }[] };
    expect(archives).toMatchObject([{ did: member.did }]);
    const { madeAt } = archives[0] ?? { madeAt: 0 };
    const query = new URLSearchParams({ did: member.did, madeAt: String(madeAt) }).toString();
    const car = await fetchHost(`/xrpc/${own("getArchive")}?${query}`, { headers: { authorization: ADMIN } });
    expect(car.headers.get("content-type")).toBe("application/vnd.ipld.car");
    expect(readCar(new Uint8Array(await car.arrayBuffer())).roots).toHaveLength(1);
    const back = await ask("restoreArchive", { did: member.did, madeAt, handle: member.handle });
    expect(back.body).toEqual({ did: member.did, isActive: true });
    const record = await xrpc("com.atproto.repo.getRecord", {
      params: { repo: member.did, collection: "app.bsky.feed.post", rkey: uri.split("/").at(-1) ?? "" },
    });
    expect(record.body.value).toMatchObject({ text: "Words that last" });
    const missing = await ask("restoreArchive", { did: member.did, madeAt, handle: member.handle });
    expect(missing).toMatchObject({ status: 404, body: { error: "ArchiveNotFound" } });
  });

  test("are paged over those that end at the same instant, each once", async () => {
    const rows = Array.from({ length: 7 }, (_, n) => n);
    await bindings.DIRECTORY.prepare(
      `INSERT INTO archive (did, made_at, handle, key, until, actor, rev, bytes, cid, files, file_bytes)
        SELECT 'did:plc:tie' || (value % 2), value, 'x.test', value, '2999', 'admin', '3', 1, 'x', 0, 0 FROM json_each(?1)`,
    )
      .bind(JSON.stringify(rows))
      .run();
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = (await list("listArchives", { limit: "2", ...(cursor ? { cursor } : {}) })) as {
        archives: { madeAt: number }[];
        cursor?: string;
      };
      seen.push(...page.archives.map(({ madeAt }) => madeAt));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen.toSorted((a, b) => a - b)).toEqual(rows);
    const odd = await asAdmin(own("listArchives"), { params: { cursor: "x" } });
    expect(odd.body.error).toBe("InvalidRequest");
  });
});

describe("blocked links", () => {
  afterEach(async () => {
    await bindings.DIRECTORY.prepare("DELETE FROM blocked_link").run();
  });

  test("are blocked as people write them, listed, and allowed again", async () => {
    const facets = [
      {
        index: { byteStart: 0, byteEnd: 3 },
        features: [{ $type: "app.bsky.richtext.facet#link", uri: "https://casino.example/win" }],
      },
    ];
    const uri = await post(member, "Win", { facets });
    const shown = async () =>
      ((await xrpc("app.bsky.feed.getPosts", { params: { uris: uri } })).body.posts as object[]).length;
    expect(await shown()).toBe(1);
    expect(
      (await ask("blockLinks", { domains: ["https://www.Casino.example/x", "casino.example"] })).status,
    ).toBe(200);
    expect((await list("listBlockedLinks")).links).toMatchObject([
      { domain: "casino.example", blockedBy: "admin" },
    ]);
    expect(await shown()).toBe(0);
    expect((await ask("allowLink", { domain: "casino.example" })).status).toBe(200);
    expect(await shown()).toBe(1);
  });

  test.each([
    [[]],
    [["no domain"]],
    [["localhost"]],
    [Array.from({ length: 21 }, (_, n) => `x${n}.example`)],
  ])("refuse %j, and block nothing", async (domains) => {
    expect((await ask("blockLinks", { domains })).body.error).toBe("InvalidRequest");
    expect((await list("listBlockedLinks")).links).toEqual([]);
  });
});

describe("announcements", () => {
  let owner: Holder;
  beforeEach(async () => {
    await bindings.DIRECTORY.prepare("DELETE FROM announcement").run();
    owner = await holderOf("owner");
  });

  test("by a post are its owner's, and reach everybody; the admin has no account to post by", async () => {
    const input = { text: "We move on Friday" };
    const made = await xrpc(own("announceByPost"), { auth: owner.member.auth, input });
    expect(made.status).toBe(200);
    const told = await xrpc("app.bsky.notification.listNotifications", { auth: member.auth });
    expect(told.body.notifications).toMatchObject([{ uri: made.body.uri, record: input }]);
    expect((await ask("announceByPost", input)).body).toMatchObject({
      error: "InvalidRequest",
      message: "A post is an owner's: call it with their session",
    });
    expect((await list("listAnnouncements")).announcements).toHaveLength(1);
  });

  test.each([
    { text: "" },
    { text: "x".repeat(301) },
    { text: "Hello", facets: [{ index: {}, features: [] }] },
    { text: "Hello", facets: "none" },
  ])("refuse a post of %j, and note none", async (input) => {
    const answer = await xrpc(own("announceByPost"), { auth: owner.member.auth, input });
    expect(answer.body.error).toBe("InvalidRequest");
    expect((await list("listAnnouncements")).announcements).toEqual([]);
  });

  test("by mail are one at a time, listed with how far they are, and stopped", async () => {
    const letter = { subject: "News", text: "We move on Friday." };
    expect((await ask("announceByMail", { ...letter, subject: " " })).body.error).toBe("InvalidRequest");
    expect((await ask("announceByMail", { ...letter, text: "x".repeat(4_001) })).body.error).toBe(
      "InvalidRequest",
    );
    expect((await ask("announceByMail", letter)).status).toBe(200);
    expect((await ask("announceByMail", letter)).body.error).toBe("InvalidRequest");
    const { announcements } = (await list("listAnnouncements")) as { announcements: { id: number }[] };
    expect(announcements).toMatchObject([{ ...letter, by: "admin", after: "", sent: 0 }]);
    const { id } = announcements[0] ?? { id: 0 };
    expect((await ask("stopAnnouncement", { id })).status).toBe(200);
    expect(await ask("stopAnnouncement", { id })).toMatchObject({ status: 404, body: { error: "NotFound" } });
    expect((await list("listAnnouncements")).announcements).toMatchObject([{ after: null }]);
  });
});

describe("settings", () => {
  afterEach(async () => {
    await ask("updateSettings", { settings: { BLOCKED_WORDS: "", BACKUP_S3_KEY: "" } });
  });
  const setting = async (name: string) =>
    ((await list("listSettings")).settings as { name: string }[]).find((each) => each.name === name);

  test("are kept all or none, in their normal form, and listed without secrets", async () => {
    const settings = { BLOCKED_WORDS: " Casino, watches", BACKUP_S3_KEY: "id:very-secret" };
    expect((await ask("updateSettings", { settings })).body).toEqual({ rebuilds: false });
    expect(await setting("BLOCKED_WORDS")).toMatchObject({ value: "casino,watches", isFixed: false });
    expect(await setting("BACKUP_S3_KEY")).toEqual({ name: "BACKUP_S3_KEY", isSet: true, isFixed: false });
    expect(await setting("ADMIN_PASSWORD")).toBeUndefined();
    const half = await ask("updateSettings", { settings: { BLOCKED_WORDS: "other", HOST_COLOR: "mauve" } });
    expect(half.body.error).toBe("InvalidSetting");
    expect(await setting("BLOCKED_WORDS")).toMatchObject({ value: "casino,watches" });
  });

  test.each([
    [{ NO_SUCH: "x" }],
    [{ constructor: "x" }],
    [{ PUBLIC_URL: "https://else.example" }],
    [{ HANDLE_DOMAINS: ".else.example" }],
    [{ BLOCKED_WORDS: 7 }],
    [["BLOCKED_WORDS"]],
    ["BLOCKED_WORDS"],
    [null],
  ])("refuse %j", async (settings) => {
    expect((await ask("updateSettings", { settings })).body.error).toBe("InvalidRequest");
  });

  test.each([[{ ADMIN_PASSWORD: "mine now" }], [{ JWT_SECRET: "x".repeat(40) }], [{ REGISTRATION: "open" }]])(
    "that a page cannot set, %j, are refused",
    async (settings) => {
      expect((await ask("updateSettings", { settings })).body.error).toMatch(/^Invalid(Request|Setting)$/);
    },
  );
});
