import { afterEach, expect, test, vi } from "vitest";
import { mailerOf } from "../../src/identity/mail/mailer.ts";
import { bindings } from "../support/bindings.ts";

const letter = { to: "Alice@Example.com", subject: "Your code", text: "ABCDE-FGHIJ" };
const mail = { ...letter, kind: "test" } as const;
const deployed = {
  DIRECTORY: bindings.DIRECTORY,
  MAIL: "Atoll <atoll@example.com>",
  LOCAL: "",
  RESEND_API_KEY: "",
} as const;

afterEach(() => {
  vi.restoreAllMocks();
});

test("a local run keeps its mail in the mailbox", async () => {
  expect(await mailerOf(bindings).send(mail)).toBe("sent");
  const response = await bindings.OUTSIDE?.fetch(new Request("http://mail.local/mail?to=alice@example.com"));
  expect(await response?.json()).toMatchObject([{ subject: "Your code", text: "ABCDE-FGHIJ" }]);
});

test("with neither sender nor way, nothing is sent and nothing is logged", async () => {
  const logged = vi.spyOn(console, "error");
  expect(await mailerOf({ ...deployed, MAIL: "" }).send(mail)).toBe("not sent");
  expect(await mailerOf({ ...deployed, MAIL: "", RESEND_API_KEY: "re_1" }).send(mail)).toBe("not sent");
  expect(await mailerOf(deployed).send(mail)).toBe("not sent");
  expect(logged).not.toHaveBeenCalled();
});

test("Resend is given the mail with its key and sender", async () => {
  const asked = vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json({ id: "1" }));
  expect(await mailerOf({ ...deployed, RESEND_API_KEY: "re_1" }).send(mail)).toBe("sent");
  const [url = "", init] = asked.mock.calls[0] ?? [];
  const request = new Request(url, init);
  expect(request.url).toBe("https://api.resend.com/emails");
  expect(request.headers.get("authorization")).toBe("Bearer re_1");
  expect(await request.json()).toEqual({ ...letter, from: deployed.MAIL });
});

test("the binding is given a sender in its parts", async () => {
  const send = vi.fn(async () => ({ messageId: "1" }));
  expect(await mailerOf({ ...deployed, EMAIL: { send } }).send(mail)).toBe("sent");
  expect(send).toHaveBeenCalledWith({ ...letter, from: { name: "Atoll", email: "atoll@example.com" } });
  await mailerOf({ ...deployed, MAIL: "atoll@example.com", EMAIL: { send } }).send(mail);
  expect(send).toHaveBeenLastCalledWith({ ...letter, from: "atoll@example.com" });
});

test("a failure is told without address, code or key", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response("", { status: 422 }));
  const failing = { send: () => Promise.reject(new Error(`no such person ${mail.to}`)) };
  expect(await mailerOf({ ...deployed, RESEND_API_KEY: "re_1" }).send(mail)).toBe("not sent");
  expect(await mailerOf({ ...deployed, EMAIL: failing }).send(mail)).toBe("not sent");
  const written = (reason: string) => ({
    time: expect.any(String),
    level: "error",
    at: "mail",
    outcome: "not sent",
    reason,
  });
  expect(logged.mock.calls.map(([line]) => JSON.parse(line))).toEqual([
    written("Resend answered 422"),
    written("failed"),
  ]);
});
