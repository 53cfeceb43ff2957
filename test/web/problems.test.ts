/** Whatever somebody enters, the page answers in words for people, at the field that they are about. */
import { beforeAll, describe, expect, test } from "vitest";
import { Refusal } from "../../src/protocol/refusal.ts";
import { problemOf } from "../../src/web/problems.ts";
import { type Member, bindings, join, xrpc } from "../support/account-host.ts";
import { type Shown, Visitor } from "../support/visitor.ts";

/** The field that is marked as wrong, has the focus, and is described by the message. */
function wrongField({ html }: Shown): { field: string | null; focus: string[]; message: string | null } {
  const input = /<input[^>]*aria-invalid="true"[^>]*>/.exec(html)?.[0] ?? "";
  const field = /name="(\w+)"/.exec(input)?.[1] ?? null;
  const described = /aria-describedby="([^"]*)"/.exec(input)?.[1]?.split(" ") ?? [];
  const focus = [...html.matchAll(/<input[^>]*\bautofocus\b[^>]*>/g)].map(
    ([tag]) => /name="(\w+)"/.exec(tag)?.[1] ?? "",
  );
  const id = described.find((each) => each.endsWith("-wrong"));
  const message = id === undefined ? null : (new RegExp(`id="${id}">([^<]*)<`).exec(html)?.[1] ?? null);
  return { field, focus, message };
}

let member: Member;
beforeAll(async () => {
  member = await join();
});

const GOOD = { handle: "newcomer", email: "newcomer@example.com", password: "a good password" };

describe("at sign-up", () => {
  test.each<[about: string, fields: Partial<typeof GOOD>, field: string, words: RegExp]>([
    ["a space in the handle", { handle: "two words" }, "handle", /only letters a to z, digits and dashes/],
    ["letters beyond a to z", { handle: "zoë" }, "handle", /only letters a to z, digits and dashes/],
    ["an underscore", { handle: "a_b_c" }, "handle", /only letters a to z, digits and dashes/],
    ["a dot", { handle: "a.bcd" }, "handle", /only letters a to z, digits and dashes/],
    ["nothing", { handle: "" }, "handle", /only letters a to z, digits and dashes/],
    ["two letters", { handle: "ab" }, "handle", /at least 3/],
    ["nineteen letters", { handle: "abcdefghijklmnopqrs" }, "handle", /at most 18/],
    ["a name of the host's", { handle: "admin" }, "handle", /kept for the host/],
    ["no address", { email: "" }, "email", /no e-mail address/],
    ["an address without a domain", { email: "me@home" }, "email", /no e-mail address/],
    ["a short password", { password: "seven77" }, "password", /longer password/],
    ["an endless password", { password: "x".repeat(300) }, "password", /256 characters/],
  ])("%s", async (_about, fields, field, words) => {
    const visitor = new Visitor();
    await visitor.get("/account/sign-up");
    const shown = await visitor.post("/account/sign-up", { step: "sign-up", ...GOOD, ...fields });
    expect(shown.status).toBe(400);
    const found = wrongField(shown);
    expect(found).toMatchObject({ field, focus: [field] });
    expect(found.message).toMatch(words);
    expect(shown.text).not.toContain("Input/");
  });

  test("what somebody else has already", async () => {
    const visitor = new Visitor();
    await visitor.get("/account/sign-up");
    const [name = ""] = member.handle.split(".");
    const byHandle = await visitor.post("/account/sign-up", { step: "sign-up", ...GOOD, handle: name });
    expect(wrongField(byHandle)).toMatchObject({ field: "handle", message: "This handle is taken." });
    const byEmail = await visitor.post("/account/sign-up", { step: "sign-up", ...GOOD, email: member.email });
    expect(wrongField(byEmail)).toMatchObject({ field: "email", message: /has an account already/ });
  });

  test("a wrong invite gets the focus, whether it came by link or was typed", async () => {
    bindings.REGISTRATION = "invite";
    try {
      const visitor = new Visitor();
      const linked = await visitor.get("/account/sign-up?invite=nonsense");
      expect(wrongField(linked)).toMatchObject({ field: "inviteCode", focus: ["inviteCode"] });
      for (const inviteCode of ["", "nonsense"]) {
        const typed = await visitor.post("/account/sign-up", { step: "sign-up", ...GOOD, inviteCode });
        expect(wrongField(typed)).toMatchObject({ field: "inviteCode", focus: ["inviteCode"] });
      }
    } finally {
      bindings.REGISTRATION = "open";
    }
  });
});

describe("on the account page", () => {
  const own = async (path: string) => {
    const visitor = new Visitor();
    await visitor.signIn(member.handle, member.password);
    await visitor.get(path);
    return visitor;
  };

  test.each<[path: string, fields: Record<string, string>, field: string | null, words: RegExp]>([
    ["handle", { step: "change", handle: "a b" }, "handle", /only letters/],
    ["handle", { step: "change", handle: "x" }, "handle", /at least 3/],
    ["handle", { step: "change", handle: "somebody.localhost" }, "handle", /No handle can end like this/],
    ["email", { step: "request-change", email: "nonsense" }, "email", /no e-mail address/],
    ["password", { step: "change", password: "short" }, "password", /longer password/],
    ["app-passwords", { step: "create", name: " \u200b" }, "name", /give the app a name/],
    ["passkeys", { step: "add", name: "x" }, null, /need JavaScript/],
    ["leave", { step: "delete", code: "AAAAA-AAAAA" }, "code", /not right/],
  ])("%s %o", async (path, fields, field, words) => {
    const visitor = await own(`/account/${path}`);
    const shown = await visitor.post(`/account/${path}`, fields);
    expect(shown.status).toBe(400);
    expect(wrongField(shown).field).toBe(field);
    expect(field === null ? shown.text : wrongField(shown).message).toMatch(words);
  });

  test("an address, and a name of an app password, that are taken", async () => {
    const other = await join();
    const email = await (
      await own("/account/email")
    ).post("/account/email", {
      step: "request-change",
      email: other.email,
    });
    expect(wrongField(email)).toMatchObject({ field: "email", message: /has an account already/ });
    const visitor = await own("/account/app-passwords");
    await visitor.post("/account/app-passwords", { step: "create", name: "twice" });
    const twice = await visitor.post("/account/app-passwords", { step: "create", name: "twice" });
    expect(wrongField(twice)).toMatchObject({ field: "name", message: /of this name already/ });
  });
});

test("sign-in asks for what is missing", async () => {
  const visitor = new Visitor();
  await visitor.get("/account/sign-in");
  const post = (identifier: string, password: string) =>
    visitor.post("/account/sign-in", { step: "sign-in", identifier, password });
  expect(wrongField(await post(" \u202a ", "x"))).toMatchObject({
    field: "identifier",
    focus: ["identifier"],
  });
  expect(wrongField(await post("x", ""))).toMatchObject({ field: "password", focus: ["password"] });
  const wrong = await post(member.handle, "wrong");
  expect(wrong.text).toContain("That handle and password do not belong together.");
  expect(wrongField(wrong).field).toBeNull();
});

test("a code of the mail that is wrong is called so, at its field", async () => {
  const visitor = new Visitor();
  await visitor.get("/account/reset");
  const shown = await visitor.post("/account/reset", {
    step: "reset",
    email: member.email,
    code: "AAAAA-AAAAA",
    password: "a good password",
  });
  expect(wrongField(shown)).toMatchObject({
    field: "code",
    focus: ["code"],
    message: "This code is not right.",
  });
});

describe("a refusal", () => {
  test("that has no words of its own is not shown as it is", () => {
    const refusal = new Refusal("SomethingNew", "Input/did must be of the form did:method:id");
    expect(problemOf(refusal).message).not.toContain("Input");
  });

  test("about a field that the form does not show is one of the whole form", () => {
    const refusal = new Refusal("InvalidHandle", "Handle too short");
    expect(problemOf(refusal, ["email"]).field).toBeNull();
    expect(problemOf(refusal, ["handle"]).field).toBe("handle");
  });

  test("that is a failure of the host is no problem of the person", () => {
    const failure = new Refusal("InternalServerError", "Internal Server Error", 500);
    expect(() => problemOf(failure)).toThrow(failure);
    expect(() => problemOf(new Error("a bug"))).toThrow("a bug");
  });

  /** Messages that methods of members' accounts give to programs, by calling them. */
  test.each([
    ["com.atproto.server.createAccount", { handle: "fine.test", email: "nonsense", password: "x" }],
    ["com.atproto.server.createAccount", { handle: "fine.elsewhere.org", email: "a@b.cd", password: "x" }],
    ["com.atproto.server.resetPassword", { token: "nonsense", password: "x" }],
    ["com.atproto.server.requestPasswordReset", { email: "nobody@example.com" }],
  ])("of %s has words: %o", async (nsid, input) => {
    const { status, body } = await xrpc(nsid, { input });
    const refusal = new Refusal(String(body.error), String(body.message), status);
    expect(problemOf(refusal).message).not.toMatch(/check what you entered/);
  });
});
