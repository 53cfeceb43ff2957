import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { Mailbox } from "../../tools/dev/outside/mailbox.ts";

const now = () => Date.parse("2026-11-23T10:00:00Z");

/** Runs `work` in this file's own object. */
async function inMailbox<Result>(work: (mailbox: Mailbox) => Promise<Result>): Promise<Result> {
  const objects: DurableObjectNamespace = Reflect.get(env, "ACCOUNT");
  return runInDurableObject(objects.getByName("mailbox"), (_, state) =>
    work(new Mailbox(state.storage.sql, now)),
  );
}
const ask = (query: string, init?: RequestInit) =>
  inMailbox((mailbox) => mailbox.fetch(new Request(`http://mail.local/mail${query}`, init)));
const send = (mail: unknown) => ask("", { method: "POST", body: JSON.stringify(mail) });
const read = async (query = "") => (await ask(query)).json<{ to: string; subject: string }[]>();

test("mail is read newest first, of everybody or of one", async () => {
  await send({ to: "Alice@Example.com", subject: "one", text: "1", html: "<p>1</p>" });
  await send({ to: "bob@example.com", subject: "two", text: "2" });
  await send({ to: "alice@example.com", subject: "three", text: "3" });
  expect((await read()).map(({ subject }) => subject)).toEqual(["three", "two", "one"]);
  expect((await read("?to=ALICE@example.com"))[1]).toEqual({
    id: 1,
    to: "alice@example.com",
    subject: "one",
    text: "1",
    html: "<p>1</p>",
    sentAt: "2026-11-23T10:00:00.000Z",
  });
  await ask("?to=alice@example.com", { method: "DELETE" });
  expect((await read()).map(({ subject }) => subject)).toEqual(["two"]);
  await ask("", { method: "DELETE" });
  expect(await read()).toEqual([]);
});

test("what is no mail is refused", async () => {
  for (const body of ["{", "[]", '{"to":"a"}', "x".repeat(300_000)]) {
    expect((await ask("", { method: "POST", body })).status).toBe(400);
  }
});

test("the thousand newest are kept", async () => {
  await inMailbox(async (mailbox) => {
    for (let index = 0; index < 1_005; index++) {
      const body = JSON.stringify({ to: "many@example.com", subject: `${index}`, text: "" });
      await mailbox.fetch(new Request("http://mail.local/mail", { method: "POST", body }));
    }
  });
  const kept = await read();
  expect(kept).toHaveLength(1_000);
  expect(kept.at(-1)?.subject).toBe("5");
});
