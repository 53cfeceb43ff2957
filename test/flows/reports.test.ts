/** Reports: who may send how many, how long they are kept, and how the moderators learn of them. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { tellModerators } from "../../src/lifecycle/report-mail.ts";
import { ModerationReports } from "../../src/moderation/reports.ts";
import { asAdmin, bindings, join, lastMail, xrpc } from "../support/account-host.ts";
import { outsider } from "../support/outsider.ts";

const database = bindings.DIRECTORY;
const REPORT = "com.atproto.moderation.createReport";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const report = (auth: string, did: string) =>
  xrpc(REPORT, {
    auth,
    input: {
      reasonType: "com.atproto.moderation.defs#reasonSpam",
      subject: { $type: "com.atproto.admin.defs#repoRef", did },
    },
  });

const count = async (where = "1") =>
  (await database.prepare(`SELECT count(*) AS n FROM report WHERE ${where}`).first<number>("n")) ?? 0;

const fill = (rows: number, by: string, state: string, createdAt: string, closedAt: string | null) =>
  database
    .prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO report (reason_type, subject_did, reported_by, created_at, state, closed_at)
       SELECT 'x', 'did:web:x.example.com', ?2, ?3, ?4, ?5 FROM n`,
    )
    .bind(rows, by, createdAt, state, closedAt)
    .run();

beforeEach(() =>
  database.batch(
    ["report", "allowance", "host_task"].map((table) => database.prepare(`DELETE FROM ${table}`)),
  ),
);
afterEach(() => {
  bindings.RATE_LIMITS = "off";
  vi.restoreAllMocks();
});

describe("with rate limits", () => {
  beforeEach(() => {
    bindings.RATE_LIMITS = "on";
  });

  test("a member sends fifty an hour", async () => {
    const [reporter, subject] = [await join(), await join()];
    const statuses = [];
    for (let i = 0; i < 51; i++) statuses.push((await report(reporter.auth, subject.did)).status);
    expect(statuses).toEqual([...Array(50).fill(200), 429]);
    expect((await report(subject.auth, reporter.did)).status).toBe(200);
    expect(await count()).toBe(51);
  });

  test("an account of another host sends ten, and all of them together two hundred", async () => {
    const [stranger, subject] = [await outsider(), await join()];
    const send = () => report(stranger.auth(REPORT), subject.did);
    const statuses = [];
    for (let i = 0; i < 11; i++) statuses.push((await send()).status);
    expect(statuses).toEqual([...Array(10).fill(200), 429]);
    await database.prepare("UPDATE allowance SET short_count = 200 WHERE did = 'outsiders'").run();
    expect((await report((await outsider()).auth(REPORT), subject.did)).status).toBe(429);
    // Members are not counted with them.
    expect((await report(subject.auth, stranger.did)).status).toBe(200);
    expect(await count()).toBe(11);
  });
});

test("who is gone reports nobody, though their token still has two hours", async () => {
  const [reporter, other] = [await join(), await join()];
  expect((await report(reporter.auth, other.did)).status).toBe(200);
  await asAdmin("com.atproto.admin.deleteAccount", { input: { did: reporter.did } });
  const { status, body } = await report(reporter.auth, other.did);
  expect([status, body.error]).toEqual([403, "AccountNotFound"]);
  expect(await count(`reported_by = '${reporter.did}'`)).toBe(1);
});

test("strangers' reports are refused while five thousand are open; members' are not", async () => {
  const [stranger, member] = [await outsider(), await join()];
  await fill(5_000, "did:web:s.example.com", "open", new Date().toISOString(), null);
  expect((await report(stranger.auth(REPORT), member.did)).body.error).toBe("RateLimitExceeded");
  expect((await report(member.auth, stranger.did)).status).toBe(200);
  await database.prepare("UPDATE report SET state = 'dismissed', closed_at = created_at").run();
  expect((await report(stranger.auth(REPORT), member.did)).status).toBe(200);
});

test("closed reports are kept for a year, strangers' open ones for three months, members' as long as they are open", async () => {
  const now = Date.UTC(2026, 10, 30);
  const at = (days: number) => new Date(now - days * DAY).toISOString();
  const member = await join();
  await fill(1, member.did, "resolved", at(500), at(366));
  await fill(1, member.did, "resolved", at(500), at(364));
  await fill(1, member.did, "open", at(500), null);
  await fill(1, "did:web:s.example.com", "open", at(91), null);
  await fill(1, "did:web:s.example.com", "open", at(89), null);
  await new ModerationReports(database, () => now).sweep();
  expect([await count("state = 'resolved'"), await count("state = 'open'")]).toEqual([1, 2]);
});

describe("the moderators", () => {
  async function holder(role: "owner" | "moderator" | "inviter") {
    const member = await join();
    await asAdmin("internal.atoll.admin.grantRole", { input: { did: member.did, role } });
    return member;
  }
  const mailTo = async (email: string): Promise<string | null> => {
    try {
      return (await lastMail(email)).subject;
    } catch {
      return null;
    }
  };
  /** The mail is sent after the answer. */
  const arrived = (email: string) => vi.waitFor(async () => expect(await mailTo(email)).not.toBeNull());

  test("are told by mail of the first report, and then of more at most once an hour", async () => {
    const [moderator, owner, inviter] = [
      await holder("moderator"),
      await holder("owner"),
      await holder("inviter"),
    ];
    const [reporter, subject] = [await join(), await join()];
    await report(reporter.auth, subject.did);
    await arrived(moderator.email);
    await arrived(owner.email);
    expect(await mailTo(moderator.email)).toBe("1 report is waiting at your host");
    expect(await mailTo(inviter.email)).toBeNull();

    const sent: string[] = [];
    const mailer = { send: async ({ to }: { to: string }) => (sent.push(to), "sent" as const) };
    const at = (later: number) => tellModerators(bindings, () => Date.now() + later, mailer);
    await at(2 * HOUR);
    expect(sent).toEqual([]);
    await report(reporter.auth, subject.did);
    await at(0);
    expect(sent).toEqual([]);
    await at(2 * HOUR);
    expect(sent.toSorted()).toEqual([moderator.email, owner.email].toSorted());
    await at(4 * HOUR);
    expect(sent).toHaveLength(2);
  });

  test("are not told if they are gone, deactivated, or no longer moderators", async () => {
    await database.prepare("DELETE FROM role").run();
    const [left, deactivated, demoted] = [
      await holder("moderator"),
      await holder("owner"),
      await holder("moderator"),
    ];
    await database.prepare("DELETE FROM account WHERE did = ?1").bind(left.did).run();
    await xrpc("com.atproto.server.deactivateAccount", { auth: deactivated.auth, input: {} });
    await asAdmin("internal.atoll.admin.revokeRole", { input: { did: demoted.did } });
    await fill(1, demoted.did, "open", new Date().toISOString(), null);
    const logged = vi.spyOn(console, "warn").mockImplementation(() => {});
    const sent: string[] = [];
    await tellModerators(bindings, Date.now, { send: async ({ to }) => (sent.push(to), "sent") });
    expect(sent).toEqual([]);
    // Without moderators, the host's contact is told.
    await database.prepare("DELETE FROM host_task").run();
    const contact = { ...bindings, CONTACT_EMAIL: "contact@example.com" };
    await tellModerators(contact, Date.now, { send: async ({ to }) => (sent.push(to), "sent") });
    expect(sent).toEqual(["contact@example.com"]);
    expect(logged.mock.calls.flat().join()).toContain('"told":"nobody"');
  });
});
