/** Members as an owner or a moderator finds them, and what they do with them. */
import { beforeEach, describe, expect, test } from "vitest";
import { bringAccount } from "../../../src/lifecycle/create.ts";
import { services } from "../../lifecycle/agreement.ts";
import { asAdmin, bindings, join, xrpc } from "../../support/account-host.ts";
import { Visitor } from "../../support/visitor.ts";
import { type Holder, holderOf } from "./desk.ts";

let owner: Holder;
beforeEach(async () => {
  owner = await holderOf("owner");
});

const handlesIn = (html: string) => [...html.matchAll(/>@([a-z0-9.-]+)</g)].map(([, handle]) => handle);
const find = async (q: string) =>
  handlesIn((await owner.visitor.get(`/admin/members?${new URLSearchParams({ q }).toString()}`)).html);

describe("the list", () => {
  test("finds members by the beginning of a handle, an address, a DID and a name", async () => {
    const member = await join();
    await xrpc("com.atproto.repo.putRecord", {
      auth: member.auth,
      input: {
        repo: member.did,
        collection: "app.bsky.actor.profile",
        rkey: "self",
        record: { $type: "app.bsky.actor.profile", displayName: "Zoë Quillfeather" },
      },
    });
    expect(await find(member.handle.slice(0, 6))).toContain(member.handle);
    expect(await find(`@${member.handle}`)).toEqual([member.handle]);
    expect(await find(member.handle.toUpperCase())).toEqual([member.handle]);
    expect(await find(`${member.handle.split(".")[0]}@`)).toEqual([member.handle]);
    expect(await find(member.did)).toEqual([member.handle]);
    expect(await find("quillf")).toEqual([member.handle]);
    expect(await find("nobody-is-called-so")).toEqual([]);
    expect(await find("%")).toEqual([]);
  });

  test("pages over members who came at the same instant, each once", async () => {
    const same = "2020-01-01T00:00:00.000Z";
    const dids = Array.from({ length: 120 }, (_, i) => `did:plc:tie${String(i).padStart(21, "0")}`);
    await bindings.DIRECTORY.prepare(
      `INSERT INTO account (did, handle, state, created_at)
        SELECT value, 'tie' || key || '.test', 'active', ?2 FROM json_each(?1)`,
    )
      .bind(JSON.stringify(dids), same)
      .run();
    const seen: unknown[] = [];
    let path: string | null = "/admin/members";
    for (let pages = 0; path !== null && pages < 20; pages++) {
      const { html }: { html: string } = await owner.visitor.get(path);
      seen.push(...handlesIn(html).filter((handle) => handle?.startsWith("tie")));
      path = /href="(\/admin\/members\?[^"]*after=[^"]*)"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? null;
    }
    expect(path).toBeNull();
    expect(seen).toHaveLength(120);
    expect(new Set(seen).size).toBe(120);
  });

  test("shows the suspended, and those who are switched off", async () => {
    const [suspended, off] = [await join(), await join()];
    await asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: {
        subject: { $type: "com.atproto.admin.defs#repoRef", did: suspended.did },
        takedown: { applied: true, ref: "SUSPEND" },
      },
    });
    await xrpc("com.atproto.server.deactivateAccount", { auth: off.auth, input: {} });
    expect(handlesIn((await owner.visitor.get("/admin/members?show=suspended")).html)).toEqual([
      suspended.handle,
    ]);
    expect(handlesIn((await owner.visitor.get("/admin/members?show=out")).html)).toEqual([off.handle]);
  });

  test("tells who moves in from who is switched off, and forgets it when they are here", async () => {
    const did = "did:plc:movingmovingmovingmoving";
    const listed = async (show: string) =>
      handlesIn((await owner.visitor.get(`/admin/members?show=${show}`)).html);
    await bringAccount(services, { did, handle: "arriving.test" });
    expect(await listed("in")).toEqual(["arriving.test"]);
    expect(await listed("out")).not.toContain("arriving.test");
    expect((await owner.visitor.get(`/admin/members/${did}`)).text).toContain("@arriving.test Moving in");
    await services.directory.changes.activate(did);
    expect(await listed("in")).toEqual([]);
    await services.directory.changes.deactivate(did, null);
    expect(await listed("in")).toEqual([]);
    expect(await listed("out")).toContain("arriving.test");
    expect((await owner.visitor.get(`/admin/members/${did}`)).text).toContain("@arriving.test Switched off");
  });

  test("acts upon several, after a look at whom; who may not be acted upon holds up no other", async () => {
    const people = [await join(), await join()];
    const moderator = await holderOf("moderator");
    await moderator.visitor.get("/account");
    const chosen = Object.fromEntries([...people, owner.member].map(({ did }) => [did, "yes"]));
    const looked = await moderator.visitor.post("/admin/members", {
      step: "preview",
      act: "suspend",
      ...chosen,
    });
    expect(looked.text).toContain("3 members These accounts are suspended");
    for (const { handle } of people) expect(looked.text).toContain(`@${handle}`);
    const state = async () => {
      const dids = people.map(({ did }) => did);
      const { body } = await asAdmin("com.atproto.admin.getSubjectStatus", {
        params: { did: dids[1] ?? "" },
      });
      return body.takedown;
    };
    expect(await state()).toMatchObject({ applied: false });
    const done = await moderator.visitor.post("/admin/members", { step: "apply", act: "suspend", ...chosen });
    expect(done.text).toContain(`Done for 2 members. Refused for ${owner.member.did}`);
    expect(await state()).toMatchObject({ applied: true, ref: "SUSPEND" });
    const none = await moderator.visitor.post("/admin/members", { step: "preview", act: "suspend" });
    expect(none.status).toBe(400);
  });

  test("refuses a cursor that is none", async () => {
    expect((await owner.visitor.get("/admin/members?after=x")).status).toBe(400);
  });
});

/** A newcomer who signed up with an invite. */
async function comeBy(inviteCode: string): Promise<{ did: string; handle: string }> {
  const handle = `n${Math.floor(Math.random() * 1e9)}.test`;
  const input = { handle, email: `${handle}@example.com`, password: "a good password", inviteCode };
  bindings.REGISTRATION = "invite";
  const { body } = await xrpc("com.atproto.server.createAccount", { input });
  bindings.REGISTRATION = "open";
  return { did: String(body.did), handle };
}

describe("one member", () => {
  const pageOf = (did: string) => `/admin/members/${did}`;

  test("shows who invited whom, reports, and what was done", async () => {
    const { body } = await asAdmin("com.atproto.server.createInviteCode", {
      input: { useCount: 1, forAccount: owner.member.did },
    });
    const newcomer = await comeBy(String(body.code));
    await xrpc("com.atproto.moderation.createReport", {
      auth: owner.member.auth,
      input: {
        reasonType: "com.atproto.moderation.defs#reasonSpam",
        reason: "Sells <watches>",
        subject: { $type: "com.atproto.admin.defs#repoRef", did: newcomer.did },
      },
    });
    const page = await owner.visitor.get(pageOf(newcomer.did));
    expect(page.text).toContain(`invited by @${owner.member.handle}`);
    expect(page.text).toContain("Sells <watches>");
    expect(page.text).toMatch(/Keeps no records, no files; \d+ kB/);
    expect(page.html).not.toContain("<watches>");
    expect((await owner.visitor.get(pageOf(owner.member.did))).text).toContain(`Invited @${newcomer.handle}`);
  });

  test("is suspended, and restored; each is in the log, with who did it", async () => {
    const member = await join();
    await owner.visitor.get(pageOf(member.did));
    const done = await owner.visitor.post(pageOf(member.did), { step: "suspend", reason: "spam wave" });
    expect(done.text).toContain("The account is suspended");
    const refused = await xrpc("com.atproto.server.createSession", {
      input: { identifier: member.handle, password: member.password },
    });
    expect(refused.body.error).toBe("AccountTakedown");
    const restored = await owner.visitor.post(pageOf(member.did), { step: "restore" });
    expect(restored.text).toContain("The account is back");
    expect(restored.text).toContain(`Update subject status by @${owner.member.handle}`);
    expect(restored.text).toContain("SUSPEND spam wave");
  });

  test("gets a link for a new password without any mail; it works once", async () => {
    const member = await join();
    await owner.visitor.get(pageOf(member.did));
    const made = await owner.visitor.post(pageOf(member.did), { step: "reset-link" });
    const path = /http:\/\/localhost:2583(\/account\/reset\?code=[A-Z0-9-]+)/.exec(made.text)?.[1] ?? "";
    const own = new Visitor();
    expect((await own.get(path)).text).toContain("Choose a password for your account");
    const code = new URLSearchParams(path.split("?")[1]).get("code") ?? "";
    const fields = { step: "reset", email: "", code, password: "another good password" };
    expect((await own.post("/account/reset", fields)).text).toContain("Your new password is set");
    expect((await own.signIn(member.handle, "another good password")).status).toBe(303);
    await own.get(path);
    expect((await own.post("/account/reset", fields)).status).toBe(400);
    const log = await owner.visitor.get(pageOf(member.did));
    expect(log.text).toContain("Create reset code");
    expect(log.text).not.toContain(code);
  });

  test("gets another handle and address, or a reason why not beside the field", async () => {
    const member = await join();
    await owner.visitor.get(pageOf(member.did));
    const bad = await owner.visitor.post(pageOf(member.did), { step: "handle", handle: "a b" });
    expect(bad.status).toBe(400);
    expect(bad.html).toContain('id="handle-wrong"');
    const handle = `h${Math.floor(Math.random() * 1e9)}`;
    const done = await owner.visitor.post(pageOf(member.did), { step: "handle", handle });
    expect(done.text).toContain(`The handle is now @${handle}.test`);
    const taken = await owner.visitor.post(pageOf(member.did), {
      step: "email",
      email: `${owner.member.handle.split(".")[0]}@example.com`,
    });
    expect(taken.status).toBe(400);
    const changed = await owner.visitor.post(pageOf(member.did), {
      step: "email",
      email: `${handle}@new.example`,
    });
    expect(changed.text).toContain(`${handle}@new.example`);
  });

  test("is deleted only by whoever types the handle", async () => {
    const member = await join();
    await owner.visitor.get(pageOf(member.did));
    const refused = await owner.visitor.post(pageOf(member.did), { step: "delete", confirm: "yes" });
    expect(refused.status).toBe(400);
    const done = await owner.visitor.post(pageOf(member.did), {
      step: "delete",
      confirm: `@${member.handle}`,
    });
    expect(done).toMatchObject({ status: 303, location: "/admin/members" });
    expect((await owner.visitor.get(pageOf(member.did))).status).toBe(404);
  });

  test("a moderator acts neither upon an owner, nor upon themselves, nor hands out roles", async () => {
    const moderator = await holderOf("moderator");
    for (const did of [owner.member.did, moderator.member.did]) {
      const page = await moderator.visitor.get(pageOf(did));
      expect(page.text).not.toContain("What you can do");
    }
    await moderator.visitor.get("/account");
    for (const step of ["suspend", "take-down", "end-sessions"]) {
      const answer = await moderator.visitor.post(pageOf(owner.member.did), { step });
      expect(answer.text, step).toContain("has a role that you may not act upon");
    }
    expect((await owner.visitor.get("/admin")).status).toBe(200);
    const member = await join();
    const page = await moderator.visitor.get(pageOf(member.did));
    expect(page.text).toContain("What you can do");
    expect(page.text).not.toContain("Delete the account");
  });

  test("who is not here has no page", async () => {
    for (const about of ["did:plc:nobody", "alice.test", "%00", "%"])
      expect((await owner.visitor.get(`/admin/members/${about}`)).status, about).toBe(404);
  });
});
