/** Moderators act where they see it: what each role is shown, and what it may do there. */
import { beforeAll, describe, expect, test } from "vitest";
import { bindings, xrpc } from "../support/account-host.ts";
import { Person, type Ref } from "../support/appview-host.ts";
import type { Visitor } from "../support/visitor.ts";
import { type Holder, holderOf, signedIn } from "./admin/desk.ts";

const HOUR = 60 * 60_000;
let moderator: Holder;
let owner: Holder;
let inviter: Holder;
let nobody: Holder;
let ada: Person;
let post: Ref;

const rkeyOf = ({ uri }: Ref) => uri.split("/").at(-1) ?? "";
const threadOf = (of: Ref) => `/profile/${ada.member.handle}/post/${rkeyOf(of)}`;
const pageOf = (subject: Record<string, string>) =>
  `/app/moderate?${new URLSearchParams(subject).toString()}`;

beforeAll(async () => {
  [moderator, owner, inviter, nobody] = await Promise.all([
    holderOf("moderator"),
    holderOf("owner"),
    holderOf("inviter"),
    signedIn(),
  ]);
  ada = await Person.join("ada-moderated");
  post = await ada.post("buy my <b>boat</b>");
});

async function act(visitor: Visitor, subject: Record<string, string>, fields: Record<string, string>) {
  await visitor.get(pageOf({ ...subject, do: fields["do"] ?? "" }));
  return visitor.post("/app/moderate", { ...subject, back: "/search?q=boat", ...fields });
}

/** Makes all sign-ins of a member older. */
const age = ({ member }: Holder, by: number) =>
  bindings.DIRECTORY.prepare(
    "UPDATE oauth_device_account SET signed_in_at = signed_in_at - ?1 WHERE did = ?2",
  )
    .bind(by, member.did)
    .run();

const logged = async (action: string): Promise<string[]> => {
  const { results } = await bindings.DIRECTORY.prepare("SELECT * FROM audit_log WHERE action = ?1")
    .bind(action)
    .all();
  return results.map((row) => JSON.stringify(row));
};

describe("what is shown", () => {
  test.each([
    ["an owner", () => owner, true],
    ["a moderator", () => moderator, true],
    ["an inviter", () => inviter, false],
    ["a member without a role", () => nobody, false],
  ] as const)("to %s, on posts and profiles", async (_, who, may) => {
    const { visitor } = who();
    for (const path of [threadOf(post), `/profile/${ada.member.handle}`, "/search?q=boat"]) {
      const { html } = await visitor.get(path);
      expect([path, html.includes("/app/moderate?")]).toEqual([path, may]);
      expect([path, html.includes("/admin/reports/")]).toEqual([path, may]);
    }
    const { status, html } = await visitor.get(pageOf({ uri: post.uri, do: "label" }));
    expect(status).toBe(may ? 200 : 403);
    expect(html.includes('action="/app/moderate"')).toBe(may);
    expect(html).not.toContain("<b>boat");
  });

  test("on their own posts there is nothing of it", async () => {
    const { member, visitor } = moderator;
    await xrpc("com.atproto.repo.createRecord", {
      auth: member.auth,
      input: {
        repo: member.did,
        collection: "app.bsky.feed.post",
        record: { text: "my own", createdAt: new Date().toISOString() },
      },
    });
    expect((await visitor.get(`/profile/${member.handle}`)).html).not.toContain("/app/moderate?");
  });
});

describe("a moderator", () => {
  test("labels a post, sees the label, and takes it back", async () => {
    const subject = { uri: post.uri };
    const labelled = await act(moderator.visitor, subject, { do: "label", label: "spam", note: "again" });
    expect([labelled.status, labelled.location]).toEqual([303, "/search?q=boat"]);
    expect((await nobody.visitor.get(threadOf(post))).html).toContain("spam");
    expect((await logged("createLabels")).some((row) => row.includes(moderator.member.did))).toBe(true);
    const page = await moderator.visitor.get(pageOf({ ...subject, do: "label" }));
    expect(page.html).toContain('value="-spam"');
    await act(moderator.visitor, subject, { do: "label", label: "-spam" });
    expect((await nobody.visitor.get(threadOf(post))).text).not.toContain("spam");
    expect((await act(moderator.visitor, subject, { do: "label", label: "" })).status).toBe(400);
  });

  test("takes a post down and restores it, by the page of what is gone", async () => {
    const other = await ada.post("another boat");
    const subject = { uri: other.uri };
    expect((await act(moderator.visitor, subject, { do: "take-down", note: "no" })).status).toBe(303);
    const gone = await moderator.visitor.get(threadOf(other));
    expect([gone.status, gone.html.includes("/app/moderate?")]).toEqual([404, true]);
    expect((await nobody.visitor.get(threadOf(other))).html).not.toContain("/app/moderate?");
    const restore = await moderator.visitor.get(pageOf({ ...subject, do: "take-down" }));
    expect(restore.text).toContain("Restore it");
    expect((await act(moderator.visitor, subject, { do: "restore" })).status).toBe(303);
    expect((await nobody.visitor.get(threadOf(other))).text).toContain("another boat");
    expect((await logged("updateSubjectStatus")).filter((row) => row.includes(other.uri))).toHaveLength(2);
  });

  test("suspends an account and restores it, and its reports are closed", async () => {
    const bad = await Person.join("bad-moderated");
    const reported = await xrpc("com.atproto.moderation.createReport", {
      auth: nobody.member.auth,
      input: {
        reasonType: "com.atproto.moderation.defs#reasonSpam",
        subject: { $type: "com.atproto.admin.defs#repoRef", did: bad.did },
      },
    });
    expect(reported.status).toBe(200);
    expect((await act(moderator.visitor, { did: bad.did }, { do: "suspend", note: "a week" })).status).toBe(
      303,
    );
    const { results } = await bindings.DIRECTORY.prepare("SELECT state FROM report WHERE subject_did = ?1")
      .bind(bad.did)
      .all();
    expect(results.map(({ state }) => state)).toEqual(["resolved"]);
    const profile = await moderator.visitor.get(`/profile/${bad.member.handle}`);
    expect(profile.html).toContain("/app/moderate?");
    await act(moderator.visitor, { did: bad.did }, { do: "restore" });
    expect((await nobody.visitor.get(`/profile/${bad.member.handle}`)).status).toBe(200);
  });

  test("may not act upon an owner, or another moderator", async () => {
    const other = await holderOf("moderator");
    for (const { member } of [owner, other]) {
      for (const fields of [{ do: "label", label: "spam" }, { do: "suspend" }, { do: "take-down" }]) {
        const { status, text } = await act(moderator.visitor, { did: member.did }, fields);
        expect([fields.do, status, text.includes("You may not do this.")]).toEqual([fields.do, 400, true]);
      }
    }
    expect((await nobody.visitor.get(`/profile/${owner.member.handle}`)).status).toBe(200);
  });
});

describe("refused are", () => {
  test("a form without its token, and one from another page", async () => {
    await moderator.visitor.get(pageOf({ uri: post.uri, do: "take-down" }));
    const fields = { do: "take-down", uri: post.uri };
    expect((await moderator.visitor.post("/app/moderate", { ...fields, csrf: "" })).status).toBe(403);
    expect((await nobody.visitor.get(threadOf(post))).status).toBe(200);
  });

  test("members without the role, whatever they send", async () => {
    for (const { visitor } of [inviter, nobody]) {
      await visitor.get("/intent/compose");
      for (const fields of [{ do: "label", label: "spam" }, { do: "take-down" }, { do: "suspend" }]) {
        expect((await visitor.post("/app/moderate", { uri: post.uri, ...fields })).status).toBe(403);
      }
    }
  });

  test("grave acts on an old sign-in: the page leads to a fresh one, and back", async () => {
    await age(moderator, HOUR);
    const subject = { uri: post.uri };
    const page = await moderator.visitor.get(pageOf({ ...subject, do: "take-down", back: "/search?q=boat" }));
    expect(page.html).not.toContain('<form method="post" action="/app/moderate"');
    const way = /href="(\/account\/sign-in\?to=%2Fapp%2Fmoderate[^"]*)"/.exec(page.html)?.[1] ?? "";
    expect(way).not.toBe("");
    const refused = await moderator.visitor.post("/app/moderate", { ...subject, do: "take-down" });
    expect([refused.status, refused.text.includes("sign in once more")]).toEqual([400, true]);
    // A label can be given even so.
    expect((await act(moderator.visitor, subject, { do: "label", label: "!warn" })).status).toBe(303);
    const again = way.replaceAll("&amp;", "&");
    await moderator.visitor.get(again);
    const to = new URL(again, "http://x").searchParams.get("to") ?? "";
    const { location } = await moderator.visitor.post(again, {
      step: "sign-in",
      identifier: moderator.member.handle,
      password: moderator.member.password,
      to,
    });
    expect(location).toBe(to);
    expect((await moderator.visitor.get(to)).html).toContain('action="/app/moderate"');
  });

  test("subjects that are none", async () => {
    for (const subject of [{}, { uri: "https://example.com" }, { did: "nobody" }, { uri: '"><script>' }]) {
      const { status, html } = await moderator.visitor.get(pageOf(subject as Record<string, string>));
      expect([status, html.includes("<script>")]).toEqual([404, false]);
      expect(
        (await act(moderator.visitor, subject as Record<string, string>, { do: "take-down" })).status,
      ).toBe(400);
    }
    expect((await act(moderator.visitor, { uri: post.uri }, { do: "explode" })).status).toBe(400);
    expect(
      (await act(moderator.visitor, { uri: post.uri }, { do: "label", label: "No Label!" })).status,
    ).toBe(400);
  });
});
