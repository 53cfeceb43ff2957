/** Announcements: who gets them, once, whatever dies in between, and who does not. */
import { beforeEach, describe, expect, test } from "vitest";
import { Announcements } from "../../../src/lifecycle/announcements/announcements.ts";
import { sendAnnouncements } from "../../../src/lifecycle/announcements/send.ts";
import type { Mail } from "../../../src/identity/mail/mailer.ts";
import { type Member, bindings, join, xrpc } from "../../support/account-host.ts";
import { Visitor } from "../../support/visitor.ts";
import { type Holder, holderOf } from "./desk.ts";

const PATH = "/admin/announcements";
const announcements = new Announcements(bindings.DIRECTORY);
let owner: Holder;
let member: Member;

beforeEach(async () => {
  await bindings.DIRECTORY.batch([
    bindings.DIRECTORY.prepare("DELETE FROM announcement"),
    bindings.DIRECTORY.prepare("DELETE FROM quiet_member"),
    // Those of other tests are no readers.
    bindings.DIRECTORY.prepare("UPDATE account SET email = NULL"),
  ]);
  [owner, member] = [await holderOf("owner"), await join()];
  await owner.visitor.get(PATH);
});

describe("a post to all", () => {
  const listed = async (reader: Member, params: object = {}) =>
    (await xrpc("app.bsky.notification.listNotifications", { auth: reader.auth, params: { ...params } })).body
      .notifications;
  const unread = async (reader: Member) =>
    (await xrpc("app.bsky.notification.getUnreadCount", { auth: reader.auth })).body.count;
  const post = (text: string) => owner.visitor.post(PATH, { step: "notify", post: text });

  test("is among everybody's notifications once, unread, with its links", async () => {
    const answer = await post("We move on Friday: https://example.com/move");
    expect(answer.text).toContain("Every member finds it");
    expect(await listed(member)).toMatchObject([
      {
        reason: "subscribed-post",
        author: { did: owner.member.did },
        isRead: false,
        record: {
          text: "We move on Friday: https://example.com/move",
          facets: [{ features: [{ uri: "https://example.com/move" }] }],
        },
      },
    ]);
    expect(await unread(member)).toBe(1);
    // Who wrote it is not told of it.
    expect(await listed(owner.member)).toEqual([]);
    expect(await listed(member, { reasons: "like" })).toEqual([]);
    expect(await listed(member, { limit: 1 })).toHaveLength(1);
  });

  test("comes once to who has subscribed to its author, or is mentioned in it", async () => {
    await xrpc("com.atproto.repo.createRecord", {
      auth: member.auth,
      input: {
        repo: member.did,
        collection: "app.bsky.graph.follow",
        record: {
          $type: "app.bsky.graph.follow",
          subject: owner.member.did,
          createdAt: new Date().toISOString(),
        },
      },
    });
    await xrpc("app.bsky.notification.putActivitySubscription", {
      auth: member.auth,
      input: { subject: owner.member.did, activitySubscription: { post: true, reply: false } },
    });
    await post("To subscribers as well");
    await post(`To @${member.handle} and all`);
    expect(await listed(member)).toMatchObject([{ reason: "mention" }, { reason: "subscribed-post" }]);
  });

  test("is none for who mutes its author, or wants none of the kind", async () => {
    await post("Hello all");
    const other = await join();
    await xrpc("app.bsky.graph.muteActor", { auth: member.auth, input: { actor: owner.member.did } });
    expect(await listed(member)).toEqual([]);
    await xrpc("app.bsky.notification.putPreferencesV2", {
      auth: other.auth,
      input: { subscribedPost: { list: false, push: false } },
    });
    expect(await listed(other)).toEqual([]);
  });

  test("that is empty, or too long, is not posted", async () => {
    expect((await post("")).status).toBe(400);
    expect((await post("x".repeat(301))).status).toBe(400);
    expect(await announcements.list(20)).toEqual([]);
  });

  test("is gone with its post", async () => {
    await post("A mistake");
    const [{ uri } = { uri: null }] = await announcements.list(20);
    await xrpc("com.atproto.repo.deleteRecord", {
      auth: owner.member.auth,
      input: { repo: owner.member.did, collection: "app.bsky.feed.post", rkey: uri?.split("/").at(-1) },
    });
    expect(await listed(member)).toEqual([]);
  });
});

describe("a mail to all", () => {
  const begin = (subject = "Summer fair") =>
    owner.visitor.post(PATH, { step: "mail", subject, text: "It is on Sunday." });

  function mailbox(fails: (to: string) => boolean = () => false) {
    const sent: Mail[] = [];
    const send = async (mail: Mail) => {
      if (fails(mail.to)) return "not sent" as const;
      sent.push(mail);
      return "sent" as const;
    };
    return { sent, send };
  }
  const turn = (box: ReturnType<typeof mailbox>) =>
    sendAnnouncements({ ...bindings, PUBLIC_URL: "https://host.example" }, box);
  const state = async () => (await announcements.list(20))[0];

  test("goes to each member once, some in each turn, and says how far it is", async () => {
    bindings.PLAN = "free";
    const members = await Promise.all(Array.from({ length: 16 }, () => join()));
    try {
      expect((await begin()).text).toContain("It begins within minutes");
      const box = mailbox();
      await turn(box);
      expect(box.sent).toHaveLength(15);
      expect((await owner.visitor.get(PATH)).text).toContain("15 of 18 sent, under way");
      expect((await begin("Another")).text).toContain("Another one is under way");
      await turn(box);
      await turn(box);
      const wanted = [...members, member, owner.member].map(({ email }) => email);
      expect(box.sent.map(({ to }) => to).toSorted()).toEqual(wanted.toSorted());
      expect(await state()).toMatchObject({ after: null, sent: 18, failed: 0, total: 18 });
      expect((await owner.visitor.get(PATH)).text).toContain("18 of 18 sent");
    } finally {
      bindings.PLAN = "paid";
    }
  });

  test("goes to nobody twice when two turns run at once, or one dies in between", async () => {
    await Promise.all(Array.from({ length: 5 }, () => join()));
    await begin();
    const box = mailbox();
    await Promise.all([turn(box), turn(box), turn(box)]);
    let calls = 0;
    const dying = {
      sent: box.sent,
      send: async (mail: Mail) => {
        if (++calls === 2) throw new Error("the isolate died");
        return box.send(mail);
      },
    };
    await turn(dying).catch(() => {});
    for (let i = 0; i < 4; i++) await turn(box);
    const to = box.sent.map((mail) => mail.to);
    expect(new Set(to).size).toBe(to.length);
    // One was under way when the isolate died.
    expect(to.length).toBeGreaterThanOrEqual(6);
    expect((await state())?.after).toBeNull();
  });

  test("counts an address that fails, and goes on", async () => {
    await Promise.all([join(), join()]);
    await begin();
    const box = mailbox((to) => to === member.email);
    await turn(box);
    expect(box.sent).toHaveLength(3);
    expect(await state()).toMatchObject({ after: null, sent: 3, failed: 1 });
  });

  test("waits while no mail goes out, and then leaves nobody out", async () => {
    await Promise.all(Array.from({ length: 4 }, () => join()));
    await begin();
    await turn(mailbox(() => true));
    expect(await state()).toMatchObject({ after: "", sent: 0, failed: 0, tries: 1 });
    expect((await owner.visitor.get(PATH)).text).toContain("waits: no mail goes out");
    const box = mailbox();
    await turn(box);
    expect(box.sent).toHaveLength(6);
    expect(await state()).toMatchObject({ after: null, sent: 6, failed: 0, tries: 0 });
  });

  test("gives up on addresses that fail for an hour", async () => {
    await begin();
    await join();
    await bindings.DIRECTORY.prepare("UPDATE announcement SET tries = 60").run();
    await join();
    await turn(mailbox(() => true));
    expect(await state()).toMatchObject({ after: null, sent: 0, failed: 2 });
  });

  test("is stopped", async () => {
    await begin();
    const { id = 0 } = (await state()) ?? {};
    expect((await owner.visitor.post(PATH, { step: "stop", id: String(id) })).text).toContain(
      "It is stopped",
    );
    const box = mailbox();
    await turn(box);
    expect(box.sent).toEqual([]);
  });

  test("has a link by which its reader gets no more, without a sign-in", async () => {
    await begin();
    const box = mailbox();
    await turn(box);
    const { text = "" } = box.sent.find(({ to }) => to === member.email) ?? {};
    expect(text).toMatch(/^It is on Sunday\.\n\n-- \n/);
    const link = new URL(/https?:\/\/\S+/.exec(text)?.[0] ?? "http://none");
    const stranger = new Visitor();
    const path = link.pathname + link.search;
    expect((await stranger.get(path)).text).toContain("No more by mail");
    expect((await stranger.post(path, { step: "off" })).text).toContain("sends you no announcements by mail");
    await begin("Again");
    const next = mailbox();
    await turn(next);
    expect(next.sent.map(({ to }) => to)).toEqual([owner.member.email]);
    // Of anybody else, the link opens nothing.
    link.searchParams.set("did", owner.member.did);
    const other = await new Visitor().get(link.pathname + link.search);
    expect(other.location).toContain("/account/sign-in");
  });

  test("is said on the account page as well", async () => {
    const visitor = new Visitor();
    await visitor.signIn(member.handle, member.password);
    await visitor.get("/account/announcements");
    await visitor.post("/account/announcements", { step: "off" });
    expect(await announcements.isQuiet(member.did)).toBe(true);
    await visitor.post("/account/announcements", { step: "on" });
    expect(await announcements.isQuiet(member.did)).toBe(false);
  });

  test("has a subject and a text, and is one of a hundred that are kept", async () => {
    expect((await begin("")).status).toBe(400);
    for (let i = 0; i < 102; i++) await announcements.notePost(owner.member.did, `at://x/y/${i}`, "x");
    const count = await bindings.DIRECTORY.prepare("SELECT count(*) AS n FROM announcement").first("n");
    expect(count).toBe(100);
  });
});
