/** The mail that the host sends: what it says, what is known of it, and who may see that. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MailLog } from "../../../src/identity/mail/log.ts";
import { TEXT_NAMES, blanksOf, faultIn } from "../../../src/identity/mail/texts.ts";
import { readMail } from "../../../src/web/admin/mail/mail-reads.ts";
import { DEFAULT_TEXTS } from "../../../src/identity/mail/default-texts.ts";
import { type Member, bindings, join, lastMail, xrpc } from "../../support/account-host.ts";
import { type Holder, holderOf } from "./desk.ts";

let owner: Holder;
let member: Member;

beforeEach(async () => {
  [owner, member] = [await holderOf("owner"), await join()];
  await owner.visitor.get("/account");
});
afterEach(async () => {
  bindings.MAIL_LANGUAGE = "en";
  await bindings.DIRECTORY.prepare("DELETE FROM mail_text").run();
});

const askForReset = () => xrpc("com.atproto.server.requestPasswordReset", { input: { email: member.email } });

const save = (name: string, fields: Record<string, string>) =>
  owner.visitor.post(`/admin/mail/${name}`, { step: "save", language: "en", ...fields });

test.each(TEXT_NAMES)("Atoll's own %s says all that it needs to, in each language", (name) => {
  for (const language of ["en", "de"] as const) {
    expect(faultIn(name, DEFAULT_TEXTS[language][name]), language).toBeNull();
  }
  expect(blanksOf(name)).toContain("handle");
});

describe("a text of the owners' own", () => {
  test("is sent in place of Atoll's, with its blanks filled, until that is taken again", async () => {
    const subject = "Neues Passwort: {code}";
    const saved = await save("reset_password", { subject, text: "Hi {handle} of {community}:\r\n{code}" });
    expect(saved.text).toContain("Saved.");
    await askForReset();
    const mail = await lastMail(member.email);
    expect(mail.subject).toMatch(/^Neues Passwort: [A-Z0-9]{5}-[A-Z0-9]{5}$/);
    const code = mail.subject.split(": ")[1] ?? "";
    expect(mail.text).toBe(`Hi ${member.handle} of localhost:\n${code}`);
    const page = await owner.visitor.get("/admin/mail/reset_password");
    expect(page.html).toContain("Hi {handle} of {community}");
    await owner.visitor.post("/admin/mail/reset_password", { step: "reset", language: "en" });
    await askForReset();
    expect((await lastMail(member.email)).subject).toContain("Choose a new password: ");
  });

  test.each([
    ["no code", { subject: "Reset", text: "Hello {handle}" }, "The text needs {code}"],
    ["a blank that nothing fills", { subject: "Reset", text: "{code} {password}" }, "put into {password}"],
    ["the same in its subject", { subject: "{link}", text: "{code}" }, "put into {link}"],
    ["no subject", { subject: " ", text: "{code}" }, "A subject has one line"],
    ["a subject of a book", { subject: "x".repeat(151), text: "{code}" }, "A subject has one line"],
    ["no end", { subject: "x", text: `{code}${"x".repeat(4000)}` }, "up to 4000 characters"],
  ])("with %s is not kept", async (_, fields, words) => {
    const answer = await save("reset_password", fields);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(words);
    const { results } = await bindings.DIRECTORY.prepare("SELECT * FROM mail_text").all();
    expect(results).toEqual([]);
  });

  test("is none of a mail or a language that there is not", async () => {
    expect((await save("constructor", { subject: "x", text: "{code}" })).status).toBe(404);
    expect((await save("invite", { language: "fr", subject: "x", text: "{link}" })).status).toBe(404);
    expect((await owner.visitor.get("/admin/mail/toString")).status).toBe(404);
  });

  test("keeps its markup to itself", async () => {
    await save("invite", { subject: "Come", text: "<b>{link}</b> {handle}" });
    const page = await owner.visitor.get("/admin/mail/invite");
    expect(page.html).not.toContain("<b>{link}");
    const to = `guest${Date.now()}@example.com`;
    await owner.visitor.post("/admin/invites", { step: "send", addresses: to });
    const mail = await lastMail(to);
    expect(mail.text).toMatch(/^<b>http:\/\/\S+\/join\/\S+<\/b> /);
    expect(mail).not.toHaveProperty("html");
  });
});

test("mails are in German where the owners say so", async () => {
  bindings.MAIL_LANGUAGE = "de";
  await askForReset();
  const mail = await lastMail(member.email);
  expect(mail.subject).toContain("Wähle ein neues Passwort: ");
  expect(mail.text).toContain(`Hallo @${member.handle},`);
});

test("a handle with braces fills one blank and no other", async () => {
  const { writeText } = await import("../../../src/identity/mail/texts.ts");
  const blanks = { handle: "{code}", community: "$&", code: "ABCDE" };
  const { text } = await writeText(bindings, "confirm_email", blanks);
  expect(text).toContain("Hello @{code},");
  expect(text).toContain("no account at $&,");
});

describe("the log of mail", () => {
  const lines = async () => (await readMail(bindings.DIRECTORY, Number.MAX_SAFE_INTEGER, 5)).lines;

  test("says what went to whom, without address, subject or code", async () => {
    await askForReset();
    expect((await lines())[0]).toMatchObject({ kind: "reset_password", did: member.did, failure: null });
    const { text, html } = await owner.visitor.get("/admin/mail");
    expect(text).toContain(`Choose a new password sent to @${member.handle}`);
    const code = (await lastMail(member.email)).subject.split(": ")[1] ?? "";
    expect(code).not.toBe("");
    expect(html).not.toContain(code);
    expect(html).not.toContain(member.email);
  });

  test("says why one failed, and shows its code to pass on", async () => {
    const outside = bindings.OUTSIDE;
    bindings.OUTSIDE = { fetch: async () => new Response("", { status: 500 }) };
    try {
      await askForReset();
    } finally {
      if (outside !== undefined) bindings.OUTSIDE = outside;
    }
    expect((await lines())[0]).toMatchObject({ failure: "the local mailbox refused it" });
    const { text } = await owner.visitor.get("/admin/mail");
    expect(text).toContain("failed");
    expect(text).toContain("the local mailbox refused it");
    expect(text).toContain(`@${member.handle}: choose a new password`);
  });

  test("is for owners alone", async () => {
    for (const role of ["moderator", "inviter"] as const)
      expect((await (await holderOf(role)).visitor.get("/admin/mail")).status).toBe(403);
  });

  test("keeps 2,000 lines, for thirty days, and none of who is gone", async () => {
    const log = new MailLog(bindings.DIRECTORY);
    await bindings.DIRECTORY.prepare(
      `INSERT INTO mail_log (at, kind) SELECT '2026-01-01T00:00:00.000Z', 'test' FROM
        (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2100) SELECT i FROM n)`,
    ).run();
    await log.note({ kind: "test", did: member.did }, null);
    const count = () =>
      bindings.DIRECTORY.prepare("SELECT count(*) AS count FROM mail_log").first<number>("count");
    expect(await count()).toBe(2000);
    await log.sweep();
    expect(await count()).toBe(1);
    await bindings.DIRECTORY.prepare("DELETE FROM account WHERE did = ?1").bind(member.did).run();
    expect(await count()).toBe(0);
  });
});
