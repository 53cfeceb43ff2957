/** A host changes hands: in two steps, by the old owner or by their recovery key, and never by anybody else. */
import { P256Keypair } from "@atproto/crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WAIT_MS } from "../../src/lifecycle/host/hand-over.ts";
import { ModerationRoles } from "../../src/moderation/roles.ts";
import { type Member, asAdmin, bindings, lastMail } from "../support/account-host.ts";
import type { Visitor } from "../support/visitor.ts";
import { type Holder, holderOf, signedIn } from "./admin/desk.ts";

const OFFER = "/admin/hand-over";
const TAKE = "/account/hand-over";
const roles = new ModerationRoles(bindings.DIRECTORY);
let owner: Holder;
let heir: Holder;

beforeEach(async () => {
  [owner, heir] = [await holderOf("owner"), await signedIn()];
  await owner.visitor.get(OFFER);
  await heir.visitor.get(TAKE);
});
afterEach(async () => {
  await bindings.DIRECTORY.prepare("DELETE FROM hand_over").run();
});

const offer = (handle = heir.member.handle) => owner.visitor.post(OFFER, { step: "offer", handle });
const accept = (by: Visitor = heir.visitor) => by.post(TAKE, { step: "accept" });
const rolesNow = () => Promise.all([owner, heir].map(({ member }) => roles.of(member.did as `did:plc:x`)));

describe("by the old owner", () => {
  test("is offered and accepted: the new owner takes the old one's place", async () => {
    expect((await offer()).text).toContain(`@${heir.member.handle} can take the host over now`);
    expect(await rolesNow()).toEqual(["owner", null]);
    expect((await heir.visitor.get(TAKE)).text).toContain(`You take the place of @${owner.member.handle}`);
    expect((await accept()).location).toBe("/admin");
    expect(await rolesNow()).toEqual([null, "owner"]);
    expect((await heir.visitor.get("/admin/roles")).status).toBe(200);
    expect((await owner.visitor.get("/admin")).status).toBe(403);
    const log = await asAdmin("internal.atoll.admin.listAudit", { params: { limit: "5" } });
    expect(JSON.stringify(log.body)).toMatch(/acceptHandOver.*offerHandOver/);
  });

  test("is accepted once, by whom it was offered to", async () => {
    const other = await signedIn();
    await other.visitor.get(TAKE);
    await offer();
    expect((await accept(other.visitor)).status).toBe(400);
    const both = await Promise.all([accept(), accept()]);
    expect(both.filter(({ location }) => location === "/admin")).toHaveLength(1);
    expect(await rolesNow()).toEqual([null, "owner"]);
    expect((await accept()).status).toBe(400);
  });

  test("is stopped by an owner, or ends with the old owner's role, and with time", async () => {
    await offer();
    await owner.visitor.post(OFFER, { step: "stop" });
    expect((await accept()).status).toBe(400);
    await offer();
    await asAdmin("internal.atoll.admin.revokeRole", { input: { did: owner.member.did } });
    expect((await accept()).status).toBe(400);
    await asAdmin("internal.atoll.admin.grantRole", { input: { did: owner.member.did, role: "owner" } });
    await offer();
    await bindings.DIRECTORY.prepare("UPDATE hand_over SET ready_at = ready_at - ?1")
      .bind(15 * 86_400_000)
      .run();
    expect((await accept()).status).toBe(400);
    expect(await rolesNow()).toEqual(["owner", null]);
  });

  test("is not offered to oneself, to nobody, or to who is taken down", async () => {
    expect((await offer(owner.member.handle)).status).toBe(400);
    expect((await offer("nobody.test")).status).toBe(400);
    await asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: {
        subject: { $type: "com.atproto.admin.defs#repoRef", did: heir.member.did },
        takedown: { applied: true },
      },
    });
    expect((await offer()).text).toContain("switched off, or taken down");
  });
});

describe("by the old owner's recovery key", () => {
  let key: P256Keypair;

  async function addKey(to: Member, by: Visitor): Promise<void> {
    await by.get("/account/recovery");
    await by.post("/account/recovery", { step: "request-add" });
    const { code } = await lastMail(to.email);
    const added = await by.post("/account/recovery", { step: "add", recoveryKey: key.did(), code });
    expect(added.text).toContain("The recovery key is part of your identity.");
  }

  /** What the page's script does with the key. */
  async function claim(with_ = key, named = owner.member.handle): Promise<{ text: string; status: number }> {
    const asked = await heir.visitor.post(TAKE, { step: "ask", owner: named });
    const challenge = /data-signs="([^"]+)"/.exec(asked.html)?.[1] ?? "";
    const signature = await with_.sign(new TextEncoder().encode(challenge));
    const fields = { owner: named, key: key.did(), signature: Buffer.from(signature).toString("base64url") };
    return heir.visitor.post(TAKE, { step: "claim", ...fields });
  }

  const wait = (ms: number) =>
    bindings.DIRECTORY.prepare("UPDATE hand_over SET ready_at = ready_at - ?1").bind(ms).run();

  beforeEach(async () => {
    key = await P256Keypair.create();
    await addKey(owner.member, owner.visitor);
  });

  test("begins, tells the owners, waits for three days, and is accepted then", async () => {
    expect((await claim()).text).toContain("It has begun.");
    expect((await lastMail(owner.member.email)).text).toContain(
      `@${heir.member.handle} has an owner’s recovery`,
    );
    expect((await accept()).status).toBe(400);
    await wait(WAIT_MS - 60_000);
    expect((await accept()).status).toBe(400);
    await wait(60_000);
    expect((await accept()).location).toBe("/admin");
    expect(await rolesNow()).toEqual([null, "owner"]);
  });

  test("is stopped by an owner in the meantime", async () => {
    await claim();
    expect((await owner.visitor.get(OFFER)).text).toContain("whose recovery key they have");
    await owner.visitor.post(OFFER, { step: "stop" });
    await wait(WAIT_MS);
    expect((await accept()).status).toBe(400);
    expect(await rolesNow()).toEqual(["owner", null]);
  });

  test("is refused for another key, another signature, and who is no owner", async () => {
    expect((await claim(await P256Keypair.create())).status).toBe(400);
    key = await P256Keypair.create();
    expect((await claim()).status).toBe(400);
    const moderator = await holderOf("moderator");
    await addKey(moderator.member, moderator.visitor);
    expect((await claim(key, moderator.member.handle)).status).toBe(400);
    const under = await bindings.DIRECTORY.prepare("SELECT count(*) AS n FROM hand_over").first("n");
    expect(under).toBe(0);
  });
});
