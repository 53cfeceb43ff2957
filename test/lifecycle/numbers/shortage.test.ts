/** The host near a limit of the free plan: by counts that are set, at the clock's own day. */
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Mailer } from "../../../src/identity/mail/mailer.ts";
import { followUse } from "../../../src/lifecycle/numbers/shortage.ts";
import type { Shortage } from "../../../src/protocol/plan/shortage.ts";
import { bindings, join } from "../../support/account-host.ts";
import { holderOf } from "../../web/admin/desk.ts";

const MINUTE = 60_000;
const { DIRECTORY } = bindings;
const env = { ...bindings, PLAN: "free" as const, CONTACT_EMAIL: "contact@lagoon.example" };

let mails: { to: string; subject: string; text: string }[] = [];
const mailer: Mailer = {
  async send(mail) {
    mails.push(mail);
    return "sent";
  },
};

/** Noon of a day that no other test counts, so many days on. */
const noonAfter = (days: number) => Date.UTC(2031, 0, 1 + days, 12);
let noon = noonAfter(0);
let days = 0;

beforeEach(async () => {
  mails = [];
  noon = noonAfter(days++);
  await DIRECTORY.batch(
    ["DELETE FROM host_task WHERE name = 'follow use'", "UPDATE host_settings SET shortage = NULL"].map(
      (sql) => DIRECTORY.prepare(sql),
    ),
  );
});

async function use(requests: number, at = noon): Promise<void> {
  const day = new Date(at).toISOString().slice(0, 10);
  const { seq } = await bindings.SEQUENCER.getByName("host").status();
  const numbers = { at, requests: 0, rowsRead: 0, rowsWritten: 0, written: seq };
  await DIRECTORY.batch([
    DIRECTORY.prepare("INSERT OR REPLACE INTO day_number (day, numbers) VALUES (?1, ?2)").bind(
      day,
      JSON.stringify(numbers),
    ),
    DIRECTORY.prepare(
      "INSERT OR REPLACE INTO host_use (id, requests, rows_read, rows_written) VALUES (1, ?1, 0, 0)",
    ).bind(requests),
  ]);
  onTestFinished(async () => {
    await DIRECTORY.prepare("DELETE FROM day_number WHERE day = ?1").bind(day).run();
  });
}

async function noted(): Promise<Shortage | null> {
  const text = await DIRECTORY.prepare("SELECT shortage FROM host_settings").first<string>("shortage");
  return text === null ? null : (JSON.parse(text) as Shortage);
}

async function look(at = noon, given: Parameters<typeof followUse>[0] = env): Promise<Shortage | null> {
  await followUse(given, { kept: {}, shortage: await noted() }, () => at, mailer);
  return noted();
}

test("enough of everything is nothing to note, and nobody gets mail", async () => {
  await use(50_000);
  expect(await look()).toBeNull();
  expect(mails).toEqual([]);
});

test("near a limit, it is noted until midnight, and the owners get one mail that day", async () => {
  const { member } = await holderOf("owner");
  await use(82_000);
  expect(await look()).toMatchObject({ step: 0, resource: "requests", until: noon + 12 * 60 * MINUTE });
  expect(mails.map(({ to }) => to)).toContain(member.email);
  expect(mails[0]?.text).toMatch(
    /^Hello,\n\n82 % of what Cloudflare’s free plan allows in a day is used up \(requests\)/,
  );
  expect(mails[0]?.text).toContain("/admin/plan");
  const sent = mails.length;
  await use(96_000);
  expect(await look(noon + MINUTE)).toMatchObject({ step: 3 });
  expect(mails).toHaveLength(sent);
});

test("without an owner, the host's contact gets it", async () => {
  const roles = await DIRECTORY.prepare("SELECT did, role FROM role WHERE role = 'owner'").all<{
    did: string;
  }>();
  await DIRECTORY.prepare("UPDATE role SET role = 'moderator' WHERE role = 'owner'").run();
  onTestFinished(async () => {
    for (const { did } of roles.results)
      await DIRECTORY.prepare("UPDATE role SET role = 'owner' WHERE did = ?1").bind(did).run();
  });
  await use(82_000);
  await look();
  expect(mails.map(({ to }) => to)).toEqual(["contact@lagoon.example"]);
});

test("it is looked each five minutes, and each minute while it is short", async () => {
  await use(50_000);
  expect(await look()).toBeNull();
  await use(99_000);
  expect(await look(noon + MINUTE)).toBeNull();
  expect(await look(noon + 5 * MINUTE)).toMatchObject({ step: 3 });
  await use(83_000);
  expect(await look(noon + 6 * MINUTE)).toMatchObject({ step: 0 });
});

test("two schedules at once look once, and send one mail", async () => {
  await holderOf("owner");
  await use(82_000);
  await Promise.all([1, 2, 3].map(() => followUse(env, { kept: {}, shortage: null }, () => noon, mailer)));
  expect(new Set(mails.map(({ to }) => to)).size).toBe(mails.length);
});

test("the next day begins with nothing let go", async () => {
  await use(99_000);
  expect(await look()).toMatchObject({ step: 3 });
  const tomorrow = noon + 13 * 60 * MINUTE;
  await use(0, tomorrow);
  expect(await look(tomorrow)).toBeNull();
  expect(mails.length).toBeGreaterThan(0);
});

describe("nothing is let go", () => {
  test("on the paid plan, which asks the databases nothing", async () => {
    await use(99_000);
    const silent = { prepare: () => expect.unreachable() } as never;
    await followUse({ ...bindings, DIRECTORY: silent }, { kept: {}, shortage: null }, () => noon, mailer);
  });

  test("of a host that became paid: what was noted goes", async () => {
    await use(99_000);
    await look();
    expect(await look(noon + MINUTE, bindings)).toBeNull();
  });

  test("of a host whose plan nobody said", async () => {
    await use(99_000);
    expect(await look(noon, { ...env, FIXED: ["PUBLIC_URL"] })).toBeNull();
  });

  test("of one that uses more than the free plan gives, and so is on another", async () => {
    await use(130_000);
    expect(await look()).toBeNull();
  });
});

test("an account that nobody knows gets no mail", async () => {
  await join();
  await use(82_000);
  await look();
  const owners = await DIRECTORY.prepare("SELECT count(*) AS n FROM role WHERE role = 'owner'").first<number>(
    "n",
  );
  expect(mails.length).toBeLessThanOrEqual(Math.max(1, owners ?? 0));
});
