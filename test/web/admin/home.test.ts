/** The admin's first page: for whom it is, whether all is well, and what is new. */
import { describe, expect, test } from "vitest";
import { asAdmin, bindings, join, xrpc } from "../../support/account-host.ts";
import { type Shown, Visitor } from "../../support/visitor.ts";
import { holderOf, signedIn } from "./desk.ts";

test("a stranger is sent to sign in, and comes back", async () => {
  const stranger = new Visitor();
  const sent = await stranger.get("/admin");
  expect(sent).toMatchObject({ status: 303, location: "/account/sign-in?to=%2Fadmin" });
  const { member } = await holderOf("owner");
  await stranger.get(sent.location ?? "");
  const back = await stranger.post(sent.location ?? "", {
    step: "sign-in",
    identifier: member.handle,
    password: member.password,
    to: "/admin",
  });
  expect(back).toMatchObject({ status: 303, location: "/admin" });
  expect((await stranger.get("/admin")).status).toBe(200);
});

test("a member without a role is told whom it is for, and finds no way to it", async () => {
  const { visitor } = await signedIn();
  const page = await visitor.get("/admin");
  expect(page.status).toBe(403);
  expect(page.text).toContain("This page is for the owners and moderators and inviters");
  expect((await visitor.get("/account")).html).not.toContain('href="/admin"');
});

test("whoever has a role finds the way from their account page", async () => {
  const { visitor } = await holderOf("moderator");
  expect((await visitor.get("/account")).html).toContain('href="/admin"');
  expect((await visitor.get("/admin")).text).toContain("All is well");
});

test("a role that was taken back, or whose holder is switched off, opens nothing", async () => {
  const { visitor, member } = await holderOf("owner");
  await xrpc("com.atproto.server.deactivateAccount", { auth: member.auth, input: {} });
  expect((await visitor.get("/admin")).status).toBe(403);
  const other = await holderOf("owner");
  await asAdmin("internal.atoll.admin.revokeRole", { input: { did: other.member.did } });
  expect((await other.visitor.get("/admin")).status).toBe(403);
});

test("of several people on one browser, the one with the role is meant, and links keep to them", async () => {
  const { visitor, member } = await holderOf("owner");
  const second = await join();
  await visitor.signIn(second.handle, second.password);
  const page = await visitor.get("/admin");
  expect(page.status).toBe(200);
  expect(page.html).toContain(`as=${encodeURIComponent(member.did)}`);
  expect((await visitor.get(`/admin?as=${encodeURIComponent(second.did)}`)).status).toBe(403);
});

test("a set-up that was left is gone on with, and a change of address that goes on is nothing stuck", async () => {
  const { DIRECTORY } = bindings;
  const { visitor } = await holderOf("owner");
  const moderator = await holderOf("moderator");
  await DIRECTORY.batch([
    DIRECTORY.prepare("INSERT INTO host_setup (id, done) VALUES (1, '[]')"),
    DIRECTORY.prepare(
      "INSERT INTO unsettled (id, did, kind, subject, at, due) VALUES ('rehome', 'did:web:x.test', 'rehome', NULL, 1, ?1)",
    ).bind(Date.now() + 3_600_000),
  ]);
  try {
    const page = await visitor.get("/admin");
    expect(page.text).toContain("Set-up is not finished. Go on with it.");
    expect(page.html).toContain('href="/setup"');
    expect(page.text).not.toContain("could not be finished");
    expect((await moderator.visitor.get("/admin")).text).toContain("All is well");
  } finally {
    await DIRECTORY.batch(
      ["host_setup", "unsettled"].map((table) => DIRECTORY.prepare(`DELETE FROM ${table}`)),
    );
  }
});

test("it says who and what came since the visit before", async () => {
  const { visitor, member } = await holderOf("owner");
  await visitor.get("/admin");
  await bindings.DIRECTORY.prepare(
    "UPDATE role SET seen_at = '2026-01-01T00:00:00.000Z', seen_before = NULL WHERE did = ?1",
  )
    .bind(member.did)
    .run();
  const newcomer = await join();
  const page = await visitor.get("/admin");
  expect(page.text).toContain("Since you were here last, 1 Jan 2026");
  expect(page.text).toContain(`@${newcomer.handle}`);
  // The same visit goes on: what is new stays new.
  expect((await visitor.get("/admin")).text).toContain("Since you were here last, 1 Jan 2026");
});

test("it says what is wrong, and what to do about it", async () => {
  const { visitor, member } = await holderOf("owner");
  const add = (sql: string, ...values: unknown[]) =>
    bindings.DIRECTORY.prepare(sql)
      .bind(...values)
      .run();
  await add(
    "INSERT INTO unsettled (id, did, kind, subject, at, due) VALUES ('x', ?1, 'stand', NULL, 1, ?2)",
    member.did,
    Number.MAX_SAFE_INTEGER,
  );
  await add(
    "INSERT INTO relay (origin, asked_at, seq, outcome) VALUES ('https://relay.example', '', 1, 'answered 503')",
  );
  bindings.RELAYS = "https://relay.example";
  const page = await visitor.get("/admin");
  bindings.RELAYS = "";
  expect(page.text).toContain("One change of accounts could not be finished");
  expect(page.text).toContain(
    "The relay relay.example did not accept this host when it was last asked: answered 503",
  );
  expect(page.text).not.toContain("All is well");
});

describe("what is used", () => {
  const midnight = () => Math.floor(Date.now() / 86_400_000) * 86_400_000;
  /** Today was counted at its beginning; since then, so many requests came. */
  async function use(requests: number, plan: "free" | "paid"): Promise<Shown> {
    const day = new Date().toISOString().slice(0, 10);
    const numbers = { at: midnight(), requests: 0, indexBytes: 120_000_000 };
    await bindings.DIRECTORY.batch([
      bindings.DIRECTORY.prepare("INSERT OR REPLACE INTO day_number (day, numbers) VALUES (?1, ?2)").bind(
        day,
        JSON.stringify(numbers),
      ),
      bindings.DIRECTORY.prepare(
        "INSERT OR REPLACE INTO host_use (id, requests, rows_read, rows_written) VALUES (1, ?1, 0, 0)",
      ).bind(requests),
    ]);
    const { visitor } = await holderOf("owner");
    bindings.PLAN = plan;
    const page = await visitor.get("/admin");
    bindings.PLAN = "paid";
    return page;
  }

  test("stands beside both plans, and what the month costs", async () => {
    const page = await use(20_000, "paid");
    expect(page.text).toMatch(/At this pace, this month costs about \$\d+\.\d\d/);
    expect(page.text).toMatch(/Requests 2\d,\d{3} today Free plan: 2\d % of 100,000 a day/);
    expect(page.text).toContain("Free plan: 10 ms a request, no limit a day");
    expect(page.text).toContain("120.0 MB");
    expect(page.text).not.toContain("limit is near");
  });

  test("near a limit of the free plan is a concern there, and none on the paid plan", async () => {
    const near = "The free plan’s limit is near: 9";
    expect((await use(92_000, "free")).text).toContain(near);
    expect((await use(92_000, "paid")).text).not.toContain(near);
  });

  test("is told in full on a page of its own, where owners say which plan it is", async () => {
    await use(20_000, "paid");
    const { visitor } = await holderOf("owner");
    const page = await visitor.get("/admin/plan");
    expect(page.text).toContain("Rows written, repos and stream estimate");
    expect(page.text).toContain("The index 120.0 MB");
    expect(page.text).toContain("Prices and limits as of 22 Nov 2026");
    const wrong = await visitor.post("/admin/plan", { step: "plan", plan: "gold" });
    expect(wrong.status).toBe(400);
    const { visitor: other } = await holderOf("moderator");
    expect((await other.get("/admin/plan")).html).not.toContain('name="plan"');
  });
});
