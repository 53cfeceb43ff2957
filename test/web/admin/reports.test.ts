/** The moderation queue: what waits, what is decided, what undoes it, and who is told. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  HOST_DID,
  type Member,
  asAdmin,
  bindings,
  join,
  lastMail,
  xrpc,
} from "../../support/account-host.ts";
import { standingActs } from "../../../src/moderation/standing-acts.ts";
import { applyModeration } from "../../../src/appview/index/moderation.ts";
import { Visitor } from "../../support/visitor.ts";
import { type Holder, holderOf } from "./desk.ts";

let moderator: Holder;
let author: Member;
let reporter: Member;
let post: { uri: string; cid: string };

beforeEach(async () => {
  await bindings.DIRECTORY.prepare("DELETE FROM report").run();
  moderator = await holderOf("moderator");
  [author, reporter] = [await join(), await join()];
  post = await write(author, "Buy my <b>watches</b>");
});

async function write(member: Member, text: string, more: object = {}) {
  const { body } = await xrpc("com.atproto.repo.createRecord", {
    auth: member.auth,
    input: {
      repo: member.did,
      collection: "app.bsky.feed.post",
      record: { $type: "app.bsky.feed.post", text, createdAt: new Date().toISOString(), ...more },
    },
  });
  return { uri: String(body.uri), cid: String(body.cid) };
}

const recordOf = (ref: { uri: string; cid: string }) => ({ $type: "com.atproto.repo.strongRef", ...ref });
const accountOf = ({ did }: Member) => ({ $type: "com.atproto.admin.defs#repoRef", did });

async function report(
  by: Member,
  subject: object,
  reasonType = "reasonSpam",
  reason?: string,
): Promise<void> {
  const { status } = await xrpc("com.atproto.moderation.createReport", {
    auth: by.auth,
    input: { reasonType: `com.atproto.moderation.defs#${reasonType}`, reason, subject },
  });
  expect(status).toBe(200);
}

const pathOf = (subject: string) => `/admin/reports/${encodeURIComponent(subject)}`;

/** Decides on a subject's page as its form is. */
async function decide(subject: string, fields: Record<string, string>, by = moderator.visitor) {
  await by.get(pathOf(subject));
  return by.post(pathOf(subject), fields);
}

const states = async () =>
  (
    await bindings.DIRECTORY.prepare("SELECT state FROM report ORDER BY id").all<{ state: string }>()
  ).results.map(({ state }) => state);

const status = async (uri: string) =>
  (
    await asAdmin("com.atproto.admin.getSubjectStatus", {
      params: uri.startsWith("did:") ? { did: uri } : { uri },
    })
  ).body.takedown;

describe("what waits", () => {
  test("is grouped by subject, what was reported most on top", async () => {
    const other = await join();
    await report(reporter, accountOf(other));
    await report(reporter, recordOf(post));
    await report(other, recordOf(post), "reasonRude");
    const { text, html } = await moderator.visitor.get("/admin/reports");
    expect(text).toContain(`Post of @${author.handle} 2 reports`);
    expect(text).toContain("Buy my <b>watches</b>");
    expect(html).not.toContain("<b>watches");
    expect(text).toMatch(/rude, spam|spam, rude/);
    expect(text.indexOf(author.handle)).toBeLessThan(text.indexOf(other.handle));
    expect((await moderator.visitor.get("/admin")).text).toContain("3 open reports");
  });

  test("is shown in its thread, with pictures behind a veil, and the author's history", async () => {
    const reply = await write(reporter, "No thanks", { reply: { root: post, parent: post } });
    await report(author, recordOf(reply), "reasonRude", "They <i>insult</i> me");
    await report(author, accountOf(reporter), "reasonSpam");
    const { text, html } = await moderator.visitor.get(pathOf(reply.uri));
    expect(text).toContain("Buy my <b>watches</b>");
    expect(text).toContain("No thanks");
    expect(text).toContain("They <i>insult</i> me");
    expect(html).not.toContain("<i>insult");
    expect(text).toContain("Other reports about them spam open");
  });

  test("shows what was answered to it, and beside it", async () => {
    const answer = await write(reporter, "How much?", { reply: { root: post, parent: post } });
    await write(author, "Ten", { reply: { root: post, parent: answer } });
    await write(author, "And rings", { reply: { root: post, parent: post } });
    await report(author, recordOf(answer));
    const { text } = await moderator.visitor.get(pathOf(answer.uri));
    expect(text).toMatch(/What was answered to it \(1\).*Ten/s);
    expect(text).toMatch(/What else was answered to the post above \(1\).*And rings/s);
  });

  test("is nothing for a path that names no subject", async () => {
    for (const about of ["x", "at%3A%2F%2F", "at%3A%2F%2Falice.test%2Fa.b.c%2Fd"])
      expect((await moderator.visitor.get(`/admin/reports/${about}`)).status, about).toBe(404);
  });
});

describe("a decision", () => {
  test("to dismiss closes all reports of that subject and no other, goes on, and can be undone", async () => {
    const other = await join();
    await report(reporter, recordOf(post));
    await report(other, recordOf(post));
    await report(reporter, accountOf(author));
    const done = await decide(post.uri, { step: "dismiss", note: "a joke" });
    expect(done.status).toBe(303);
    expect(done.location).toContain(pathOf(author.did));
    expect(await states()).toEqual(["dismissed", "dismissed", "open"]);
    const next = await moderator.visitor.get(done.location ?? "");
    expect(next.text).toContain("The reports are dismissed.");
    const at = /name="at" value="([^"]+)"/.exec(next.html)?.[1] ?? "";
    const undone = await moderator.visitor.post(pathOf(post.uri), {
      step: "undo",
      how: "dismiss",
      at,
      value: "",
    });
    expect(undone.text).toContain("It is as it was before");
    expect(await states()).toEqual(["open", "open", "open"]);
  });

  test("to take a post down hides it, and undoing it brings it back", async () => {
    await report(reporter, recordOf(post));
    const done = await decide(post.uri, { step: "take-down", note: "scam", cid: post.cid });
    expect(await status(post.uri)).toMatchObject({ applied: true, ref: "TAKEDOWN scam" });
    expect(await states()).toEqual(["resolved"]);
    expect(done.location).toContain("/admin/reports?");
    const page = await moderator.visitor.get(done.location ?? "");
    const at = /name="at" value="([^"]+)"/.exec(page.html)?.[1] ?? "";
    await moderator.visitor.post(pathOf(post.uri), { step: "undo", how: "take-down", at, value: "" });
    expect(await status(post.uri)).toMatchObject({ applied: false });
    expect(await states()).toEqual(["open"]);
  });

  test("to label is seen by all, and undoing it takes the label back", async () => {
    await report(reporter, recordOf(post));
    expect((await decide(post.uri, { step: "label", label: "" })).status).toBe(400);
    expect(await states()).toEqual(["open"]);
    const done = await decide(post.uri, { step: "label", label: "spam" });
    const labels = async () =>
      (
        await xrpc("com.atproto.label.queryLabels", {
          params: { uriPatterns: [post.uri], sources: HOST_DID },
        })
      ).body.labels;
    expect(await labels()).toMatchObject([{ val: "spam" }]);
    const page = await moderator.visitor.get(done.location ?? "");
    const at = /name="at" value="([^"]+)"/.exec(page.html)?.[1] ?? "";
    await moderator.visitor.post(pathOf(post.uri), { step: "undo", how: "label", at, value: "spam" });
    expect(await labels()).toEqual([]);
  });

  test("to suspend, on the page of a post, suspends its author", async () => {
    await report(reporter, recordOf(post));
    await decide(post.uri, { step: "suspend", note: "" });
    expect(await status(author.did)).toMatchObject({ applied: true, ref: "SUSPEND" });
  });

  test("cannot be undone by a link that guesses it", async () => {
    await report(reporter, recordOf(post));
    await decide(post.uri, { step: "take-down", note: "" });
    const guessed = await decide(post.uri, { step: "undo", how: "take-down", at: new Date().toISOString() });
    expect(guessed.status).toBe(400);
    expect(await status(post.uri)).toMatchObject({ applied: true });
  });

  test("tells who reported it, if that is wanted, and nobody otherwise", async () => {
    await report(reporter, recordOf(post));
    await decide(post.uri, { step: "dismiss" });
    await expect(lastMail(reporter.email)).rejects.toThrow("no mail");
    await report(reporter, recordOf(post));
    await decide(post.uri, { step: "take-down", note: "", tell: "yes" });
    await expect.poll(async () => (await lastMail(reporter.email)).text).toContain("did something about it");
  });

  test("to warn sends the community's mail, as text that nobody's words can change", async () => {
    await report(reporter, recordOf(post));
    expect((await decide(post.uri, { step: "warn", kind: "own", words: "" })).status).toBe(400);
    await decide(post.uri, { step: "warn", kind: "spam", words: "This: <script>x</script>\nStop" });
    const mail = await lastMail(author.email);
    expect(mail.text).toContain(`Hello @${author.handle},`);
    expect(mail.text).toContain("reads like advertising");
    expect(mail.text).toContain("This: <script>x</script>\nStop");
    expect(await states()).toEqual(["resolved"]);
  });

  test("is taken by one, and passed on to the owners, who see it first", async () => {
    const quiet = await join();
    await report(reporter, recordOf(post));
    await report(author, recordOf(post));
    await report(reporter, accountOf(quiet));
    expect((await decide(quiet.did, { step: "take" })).text).toContain("You take care of it now");
    expect((await decide(quiet.did, { step: "escalate" })).text).toContain("passed on to the owners");
    const owner = await holderOf("owner");
    const { text } = await owner.visitor.get("/admin/reports");
    expect(text).toContain(`for owners @${moderator.member.handle}`);
    expect(text.indexOf(`@${quiet.handle}`)).toBeLessThan(text.indexOf(`@${author.handle}`));
    expect((await owner.visitor.get("/admin")).text).toContain("1 report for owners");
    await decide(quiet.did, { step: "hand-back" }, owner.visitor);
    expect((await owner.visitor.get("/admin")).text).not.toContain("for owners");
  });

  describe("about a subject of another host", () => {
    const elsewhere = "did:plc:elsewhere";
    const uri = `at://${elsewhere}/app.bsky.feed.post/3kaaaaaaaaaaa`;

    beforeEach(async () => {
      const record = JSON.stringify({ $type: "app.bsky.feed.post", text: "From afar" });
      await bindings.APPVIEW_DB.batch([
        bindings.APPVIEW_DB.prepare(
          "INSERT OR IGNORE INTO actor (did, handle, known) VALUES (?1, 'afar.example', 1)",
        ).bind(elsewhere),
        bindings.APPVIEW_DB.prepare(
          `INSERT OR IGNORE INTO post (uri, author, cid, record, sort, indexed, flags, tie)
            VALUES (?1, ?2, ?3, ?4, 1, 1, 0, 0)`,
        ).bind(uri, elsewhere, post.cid, record),
      ]);
    });

    const isSeen = async () =>
      (await xrpc("app.bsky.feed.getPosts", { auth: reporter.auth, params: { uris: uri } })).body;
    const profile = async () =>
      (await xrpc("app.bsky.actor.getProfile", { auth: reporter.auth, params: { actor: elsewhere } })).status;
    const stamp = async (location: string | null) =>
      /name="at" value="([^"]+)"/.exec((await moderator.visitor.get(location ?? "")).html)?.[1] ?? "";

    test("labels it", async () => {
      await report(reporter, recordOf({ uri, cid: post.cid }));
      const page = await moderator.visitor.get(pathOf(uri));
      expect(page.text).toContain("on another host");
      await decide(uri, { step: "label", label: "spam" });
      expect(await states()).toEqual(["resolved"]);
    });

    test("hides a post from what this host shows, and undoing it brings it back", async () => {
      await report(reporter, recordOf({ uri, cid: post.cid }));
      expect(await isSeen()).toMatchObject({ posts: [{ uri }] });
      const done = await decide(uri, { step: "take-down", note: "scam", cid: post.cid });
      expect(await isSeen()).toEqual({ posts: [] });
      expect(await status(uri)).toMatchObject({ applied: true, ref: "TAKEDOWN scam" });
      expect((await moderator.visitor.get(pathOf(uri))).text).toContain("Hidden here");
      const at = await stamp(done.location);
      await moderator.visitor.post(pathOf(uri), { step: "undo", how: "take-down", at, value: "" });
      expect(await isSeen()).toMatchObject({ posts: [{ uri }] });
      expect(await states()).toEqual(["open"]);
    });

    test("hides an account with all that it wrote, over a rebuild as well, until it is restored", async () => {
      await report(reporter, recordOf({ uri, cid: post.cid }));
      await decide(uri, { step: "suspend", note: "" });
      expect(await isSeen()).toEqual({ posts: [] });
      expect(await profile()).toBe(400);
      expect(await status(elsewhere)).toMatchObject({ applied: true, ref: "SUSPEND" });
      await bindings.APPVIEW_DB.prepare("DELETE FROM takedown").run();
      for await (const acts of standingActs(bindings.DIRECTORY))
        await applyModeration(bindings.APPVIEW_DB, acts);
      expect(await profile()).toBe(400);
      await decide(elsewhere, { step: "restore" });
      expect(await profile()).toBe(200);
      expect(await isSeen()).toMatchObject({ posts: [{ uri }] });
      expect(await status(elsewhere)).toBeUndefined();
    });

    test("is made only about what somebody reported", async () => {
      const unknown = "did:plc:nobodyreported";
      for (const subject of [
        { $type: "com.atproto.admin.defs#repoRef", did: unknown },
        recordOf({ uri: `at://${unknown}/app.bsky.feed.post/3kaaaaaaaaaaa`, cid: post.cid }),
      ]) {
        const answer = await asAdmin("com.atproto.admin.updateSubjectStatus", {
          input: { subject, takedown: { applied: true, ref: "x" } },
        });
        expect(answer.body.error).toBe("NotFound");
      }
      const { results } = await bindings.DIRECTORY.prepare(
        "SELECT * FROM subject_status WHERE did = 'did:plc:nobodyreported'",
      ).all();
      expect(results).toEqual([]);
    });
  });

  test("about a holder of a role is not a moderator's", async () => {
    const owner = await holderOf("owner");
    await report(reporter, accountOf(owner.member));
    expect((await moderator.visitor.get(pathOf(owner.member.did))).text).toContain(
      "You may not decide about this account",
    );
    await moderator.visitor.get("/account");
    for (const step of ["suspend", "take-down", "label", "dismiss", "warn"]) {
      const answer = await moderator.visitor.post(pathOf(owner.member.did), {
        step,
        label: "spam",
        words: "x",
      });
      expect(answer.text, step).toContain("has a role that you may not act upon");
    }
    expect(await states()).toEqual(["open"]);
  });
});

describe("an appeal", () => {
  test("reaches the queue, is heard, and its maker learns of it", async () => {
    await report(reporter, accountOf(author));
    await decide(author.did, { step: "suspend", note: "" });
    const visitor = new Visitor();
    const refused = await visitor.signIn(author.handle, author.password);
    expect(refused.html).toContain('href="/account/appeal"');
    await visitor.get("/account/appeal");
    const fields = { step: "appeal", identifier: author.handle, words: "I only sold one" };
    expect((await visitor.post("/account/appeal", { ...fields, password: "wrong" })).status).toBe(400);
    expect(
      (await visitor.post("/account/appeal", { ...fields, password: author.password, words: "" })).status,
    ).toBe(400);
    const sent = await visitor.post("/account/appeal", { ...fields, password: author.password });
    expect(sent.text).toContain("They will look at it");
    const again = await visitor.post("/account/appeal", { ...fields, password: author.password });
    expect(again.text).toContain("They have your appeal already");
    expect((await moderator.visitor.get("/admin/reports")).text).toContain("1 report appeal");
    const page = await moderator.visitor.get(pathOf(author.did));
    expect(page.text).toContain("I only sold one");
    await decide(author.did, { step: "restore", tell: "yes" });
    expect(await status(author.did)).toMatchObject({ applied: false });
    await expect.poll(async () => (await lastMail(author.email)).text).toContain("They changed it.");
  });

  test("is for whoever is taken down, and no one else", async () => {
    const visitor = new Visitor();
    await visitor.get("/account/appeal");
    const answer = await visitor.post("/account/appeal", {
      step: "appeal",
      identifier: author.handle,
      password: author.password,
      words: "Me too",
    });
    expect(answer.text).toContain("This account is not taken down");
    expect(await states()).toEqual([]);
  });
});
