/** Invites, names, mail, relays, numbers, settings and the log, as owners look after them. */
import { beforeEach, describe, expect, test } from "vitest";
import { countDatabase } from "../../../src/appview/counted-database.ts";
import { countDay, readDays, readDaysOf } from "../../../src/lifecycle/numbers/days.ts";
import { seriesOf, spansUpTo } from "../../../src/web/admin/home/numbers.tsx";
import { HOST_DID, asAdmin, bindings, join, lastMail, xrpc } from "../../support/account-host.ts";
import { type Holder, holderOf } from "./desk.ts";

let owner: Holder;
beforeEach(async () => {
  owner = await holderOf("owner");
  await owner.visitor.get("/account");
});

async function comeBy(inviteCode: string): Promise<{ status: number; did: string; handle: string }> {
  const handle = `n${Math.floor(Math.random() * 1e9)}.test`;
  const input = { handle, email: `${handle}@example.com`, password: "a good password", inviteCode };
  bindings.REGISTRATION = "invite";
  const { status, body } = await xrpc("com.atproto.server.createAccount", { input });
  bindings.REGISTRATION = "open";
  return { status, did: String(body.did), handle };
}

describe("invites", () => {
  const make = async (fields: Record<string, string> = {}) => {
    const made = await owner.visitor.post("/admin/invites", { step: "create", ...fields });
    return { ...made, code: made.location?.split("/").at(-1) ?? "" };
  };

  test("are made for several people, with a code to scan, and tell who came", async () => {
    const { code, location } = await make({ uses: "2" });
    const page = await owner.visitor.get(location ?? "");
    expect(page.html).toContain("<svg");
    expect(page.text).toContain(`/join/${code}`);
    const came = [await comeBy(code), await comeBy(code)];
    expect((await comeBy(code)).status).toBe(400);
    const after = await owner.visitor.get(location ?? "");
    for (const { handle } of came) expect(after.text).toContain(`@${handle}`);
    expect(after.text).toContain("used up");
    expect((await owner.visitor.get("/admin/invites")).text).toContain(code);
  });

  test("end when they shall, for the link and for the sign-up", async () => {
    const { code } = await make({ days: "1" });
    expect((await owner.visitor.get(`/admin/invites/${code}`)).text).toContain(", until ");
    await bindings.DIRECTORY.prepare(
      "UPDATE invite_code SET expires_at = '2026-01-01T00:00:00.000Z' WHERE code = ?1",
    )
      .bind(code)
      .run();
    expect((await comeBy(code)).status).toBe(400);
    bindings.REGISTRATION = "invite";
    const landing = await owner.visitor.get(`/account/sign-up?invite=${code}`);
    bindings.REGISTRATION = "open";
    expect(landing.text).toContain("This invite was used up");
  });

  test("are stopped, and let nobody in", async () => {
    const { code } = await make();
    await owner.visitor.get(`/admin/invites/${code}`);
    const stopped = await owner.visitor.post(`/admin/invites/${code}`, { step: "stop" });
    expect(stopped.text).toContain("The invite is stopped");
    expect((await comeBy(code)).status).toBe(400);
  });

  test.each(["0", "-1", "1.5", "1001", "x"])("are not made for %s people", async (uses) => {
    expect((await make({ uses })).status).toBe(400);
  });

  test("go out by mail, one for each address", async () => {
    const to = `friend${Math.floor(Math.random() * 1e9)}@example.com`;
    const bad = await owner.visitor.post("/admin/invites", { step: "send", addresses: `${to} nonsense` });
    expect(bad.text).toContain("“nonsense” is no e-mail address");
    await expect(lastMail(to)).rejects.toThrow("no mail");
    await owner.visitor.post("/admin/invites", { step: "send", addresses: `${to}\n${to}` });
    const { text } = await lastMail(to);
    const code = /\/join\/(\S+)/.exec(text)?.[1] ?? "";
    expect((await comeBy(code)).status).toBe(200);
  });

  test("make a tree of who came by whom", async () => {
    const { body } = await asAdmin("com.atproto.server.createInviteCode", {
      input: { useCount: 1, forAccount: owner.member.did },
    });
    const child = await comeBy(String(body.code));
    const next = await asAdmin("com.atproto.server.createInviteCode", {
      input: { useCount: 1, forAccount: child.did },
    });
    const grandchild = await comeBy(String(next.body.code));
    const down = await owner.visitor.get(`/admin/invites/${owner.member.did}`);
    expect(down.text).toContain(`@${child.handle} @${grandchild.handle}`);
    const up = await owner.visitor.get(`/admin/invites/${grandchild.did}`);
    expect(up.text).toContain(`@${owner.member.handle} → @${child.handle} → @${grandchild.handle}`);
  });

  test("of others are none of an inviter’s", async () => {
    const { code } = await make();
    const inviter = await holderOf("inviter");
    expect((await inviter.visitor.get("/admin/invites")).text).not.toContain(code);
    expect((await inviter.visitor.get(`/admin/invites/${code}`)).status).toBe(404);
    expect((await inviter.visitor.get(`/admin/invites/${owner.member.did}`)).status).toBe(403);
    await inviter.visitor.get("/account");
    const own = await inviter.visitor.post("/admin/invites", { step: "create" });
    expect((await inviter.visitor.get(own.location ?? "")).text).toContain(`By @${inviter.member.handle}`);
    expect((await inviter.visitor.post(`/admin/invites/${code}`, { step: "stop" })).text).toContain(
      "no such invite of yours",
    );
    expect((await comeBy(code)).status).toBe(200);
    const stopped = await inviter.visitor.post(own.location ?? "", { step: "stop" });
    expect(stopped.text).toContain("The invite is stopped");
  });

  test("of an inviter let in as many people as the owners say, at once or one by one", async () => {
    bindings.INVITER_INVITES = "5";
    try {
      const inviter = await holderOf("inviter");
      await inviter.visitor.get("/admin/invites");
      const invite = (uses: string) => inviter.visitor.post("/admin/invites", { step: "create", uses });
      expect((await invite("6")).text).toContain("more than the 5 people whom you may invite");
      const made = await Promise.all(["2", "2", "2"].map(invite));
      expect(made.filter(({ status }) => status === 303)).toHaveLength(2);
      const addresses = ["a", "b", "c"].map((name) => `${name}${Date.now()}@example.com`);
      const sent = await inviter.visitor.post("/admin/invites", {
        step: "send",
        addresses: addresses.join("\n"),
      });
      expect(sent.text).toContain("The addresses below have no invite yet");
      expect((await lastMail(addresses[0] ?? "")).text).toContain("/join/");
      expect(sent.html).toContain(`>${addresses[1]}\n${addresses[2]}<`);
      await owner.visitor.get("/admin/invites");
      expect((await make({ uses: "100" })).status).toBe(303);
    } finally {
      bindings.INVITER_INVITES = "1000";
    }
  });

  test("that could not be sent are shown, those before an hour's end as well", async () => {
    const outside = bindings.OUTSIDE;
    bindings.OUTSIDE = { fetch: async () => new Response("", { status: 500 }) };
    bindings.RATE_LIMITS = "on";
    try {
      const addresses = Array.from({ length: 20 }, (_, i) => `x${i}@example.com`).join(" ");
      const shown = [];
      for (let i = 0; i < 3; i++)
        shown.push(await owner.visitor.post("/admin/invites", { step: "send", addresses }));
      const limited = shown.find(({ text }) => text.includes("enough for an hour"));
      expect(limited?.text).toContain("have no invite yet");
      for (const { html } of shown.slice(0, 1)) expect(html).toMatch(/x0@example\.com http\S+\/join\//);
    } finally {
      bindings.RATE_LIMITS = "off";
      if (outside !== undefined) bindings.OUTSIDE = outside;
    }
  });
});

test("names are kept, and given up", async () => {
  const kept = await owner.visitor.post("/admin/names", { step: "reserve", names: "Mayor, council" });
  expect(kept.text).toContain("mayor");
  const taken = await xrpc("com.atproto.server.createAccount", {
    input: { handle: "mayor.test", email: "mayor@example.com", password: "a good password" },
  });
  expect(taken.status).toBe(400);
  expect((await owner.visitor.post("/admin/names", { step: "reserve", names: "a b." })).status).toBe(400);
  const freed = await owner.visitor.post("/admin/names", { step: "release", name: "mayor" });
  expect(freed.html).not.toContain(">mayor<");
  expect(freed.html).toContain(">council<");
});

test("a test mail reaches its owner, and codes that could not be sent are shown to owners alone", async () => {
  const sent = await owner.visitor.post("/admin/mail", { step: "test" });
  expect(sent.text).toContain("A mail is on its way");
  expect((await lastMail(owner.member.email)).subject).toContain("A test from");
  const member = await join();
  await bindings.DIRECTORY.prepare(
    "INSERT INTO unsent_mail (did, purpose, subject, text, at) VALUES (?1, 'reset_password', 'Choose: ABCDE-FGHIJ', 'code <ABCDE>', ?2)",
  )
    .bind(member.did, new Date().toISOString())
    .run();
  const page = await owner.visitor.get("/admin/mail");
  expect(page.text).toContain("code <ABCDE>");
  expect(page.text).toContain(`@${member.handle}: choose a new password,`);
});

describe("numbers", () => {
  test("are counted once a day, in one row", async () => {
    await bindings.DIRECTORY.prepare("DELETE FROM day_number").run();
    const day = 24 * 60 * 60 * 1000;
    const now = Date.now() - 2 * day;
    const dayAt = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    await countDay(bindings, () => now);
    await countDay(bindings, () => now + 1);
    await countDay(bindings, () => now + day);
    const { results } = await bindings.DIRECTORY.prepare("SELECT * FROM day_number ORDER BY day").all<{
      day: string;
      numbers: string;
    }>();
    expect(results.map(({ day: each }) => each)).toEqual([dayAt(now), dayAt(now + day)]);
    const counted = JSON.parse(results[0]?.numbers ?? "{}") as Record<string, number>;
    expect(counted.members).toBeGreaterThan(0);
    expect(counted.directoryBytes).toBeGreaterThan(0);
    const page = await owner.visitor.get("/admin/numbers");
    expect(page.html).toContain("<polyline");
    expect(page.text).toContain(dayAt(now + day));
  });

  test("that only grow are shown as what came between two days", () => {
    const days = [
      { day: "2026-01-01", numbers: { posts: 4 } },
      { day: "2026-01-02", numbers: { posts: 10, members: 2 } },
      { day: "2026-01-03", numbers: { posts: 25, members: 3 } },
    ];
    const series = seriesOf(days);
    expect(series.find(({ title }) => title === "New posts")?.points).toEqual([
      { day: "2026-01-02", value: 6 },
      { day: "2026-01-03", value: 15 },
    ]);
    expect(series.find(({ title }) => title === "Members")?.points).toHaveLength(2);
    expect(series.find(({ title }) => title === "Follows")).toBeUndefined();
  });

  test("by day, week, month and year read a row for each point, however long the host has counted", async () => {
    await bindings.DIRECTORY.prepare("DELETE FROM day_number").run();
    const now = Date.now();
    const counted = Array.from({ length: 4_000 }, (_, n) => [
      new Date(now - n * 24 * 3_600_000).toISOString().slice(0, 10),
      JSON.stringify({ members: 5_000 - n }),
    ]);
    await bindings.DIRECTORY.prepare(
      "INSERT INTO day_number (day, numbers) SELECT value ->> 0, value ->> 1 FROM json_each(?1)",
    )
      .bind(JSON.stringify(counted))
      .run();
    for (const [span, points, first] of [
      ["day", 32, 4_969],
      ["week", 27, 4_818],
      ["month", 25, 4_280],
      ["year", 11, 1_350],
    ] as const) {
      const directory = countDatabase(bindings.DIRECTORY);
      const days = await readDaysOf(directory.db, spansUpTo(now, span));
      expect([span, days.length, days[0]?.numbers.members]).toEqual([span, points, first]);
      expect(directory.cost.read, span).toBeLessThanOrEqual(200);
      const page = await owner.visitor.get(`/admin/numbers?by=${span}`);
      expect(page.text).toContain(first.toLocaleString("en"));
    }
  });

  test("of a host that had written nothing yet begin with its first event", async () => {
    await bindings.DIRECTORY.prepare("DELETE FROM day_number").run();
    await bindings.DIRECTORY.prepare(
      `INSERT INTO day_number (day, numbers) VALUES ('2026-01-01', '{"written":0}'), ('2026-01-02', '{"written":1790000000000}'),
        ('2026-01-03', '{"written":1790000000005}')`,
    ).run();
    const days = (await readDays(bindings.DIRECTORY, 3)).toReversed();
    expect(seriesOf(days).find(({ title }) => title === "Writes of all kinds")?.points).toEqual([
      { day: "2026-01-03", value: 5 },
    ]);
  });
});

test("settings are kept, and what cannot work is told beside its field", async () => {
  const path = "/admin/settings/look";
  const wrong = await owner.visitor.post(path, { step: "save", HOST_NAME: "Lagoon", HOST_COLOR: "greenish" });
  expect(wrong.status).toBe(400);
  expect(wrong.html).toContain('id="HOST_COLOR-wrong"');
  const saved = await owner.visitor.post(path, { step: "save", HOST_NAME: "Lagoon", HOST_COLOR: "" });
  expect(saved.text).toContain("Saved.");
  expect((await owner.visitor.get("/admin")).text).toContain("Lagoon");
  await owner.visitor.post(path, { step: "save", HOST_NAME: "", HOST_COLOR: "" });
  expect((await owner.visitor.get("/admin/settings/owner")).status).toBe(404);
});

test("the log finds acts by who did them and whom they were about, page by page", async () => {
  const member = await join();
  for (let i = 0; i < 26; i++) {
    await owner.visitor.get(`/admin/members/${member.did}`);
    await owner.visitor.post(`/admin/members/${member.did}`, { step: "invites-off" });
    await owner.visitor.post(`/admin/members/${member.did}`, { step: "invites-on" });
  }
  const query = new URLSearchParams({ actor: owner.member.did, subject: member.did }).toString();
  const first = await owner.visitor.get(`/admin/log?${query}`);
  const count = (text: string) => [...text.matchAll(/(?:Enable|Disable) account invites/g)].length;
  expect(count(first.text)).toBe(50);
  const older = /href="(\/admin\/log\?before=[^"]+)"/.exec(first.html)?.[1]?.replaceAll("&amp;", "&") ?? "";
  expect(count((await owner.visitor.get(older)).text)).toBe(2);
});

test("relays are shown with what they know, and what to write to who runs them", async () => {
  bindings.RELAYS = "https://relay.example";
  try {
    const page = await owner.visitor.get("/admin/relays");
    expect(page.text).toContain("relay.example");
    expect(page.text).toContain("unknown to it, or it does not answer");
    expect(page.text).toContain("Could you raise the number of accounts");
  } finally {
    bindings.RELAYS = "";
  }
});

test("own labels are defined for every app, and moderators can give them", async () => {
  const label = {
    value: "off-topic",
    name: "Off topic",
    description: "<b>Not</b> here",
    severity: "inform",
    blurs: "none",
  };
  expect(
    (await owner.visitor.post("/admin/labels", { step: "add", ...label, value: "Off topic" })).status,
  ).toBe(400);
  expect(
    (await owner.visitor.post("/admin/labels", { step: "add", ...label, value: "spam" })).text,
  ).toContain("which every app knows already");
  const added = await owner.visitor.post("/admin/labels", { step: "add", ...label });
  expect(added.text).toContain("<b>Not</b> here");
  const services = await xrpc("app.bsky.labeler.getServices", {
    params: { dids: HOST_DID, detailed: "true" },
  });
  expect(services.body).toMatchObject({
    views: [
      {
        policies: {
          labelValues: expect.arrayContaining(["spam", "off-topic"]) as unknown,
          labelValueDefinitions: [{ identifier: "off-topic", severity: "inform", blurs: "none" }],
        },
      },
    ],
  });
  const member = await join();
  expect((await owner.visitor.get(`/admin/reports/${member.did}`)).html).toContain('value="off-topic"');
  const removed = await owner.visitor.post("/admin/labels", { step: "remove", value: "off-topic" });
  expect(removed.html).not.toContain(">off-topic<");
});

test("an owner hands the host over: the new owner takes the old one’s role", async () => {
  const next = await holderOf("moderator");
  await owner.visitor.get(`/admin/members/${next.member.did}`);
  await owner.visitor.post(`/admin/members/${next.member.did}`, { step: "role", role: "owner" });
  const page = await next.visitor.get("/admin/roles");
  expect(page.text).toContain(`@${next.member.handle} Owner since`);
  await next.visitor.get(`/admin/members/${owner.member.did}`);
  await next.visitor.post(`/admin/members/${owner.member.did}`, { step: "role", role: "none" });
  expect((await owner.visitor.get("/admin/roles")).status).toBe(403);
  expect((await next.visitor.get("/admin/roles")).text).not.toContain(`@${owner.member.handle} Owner`);
});

test("a word that owners do not want is in no new handle, dashed or not, but for whom they give it", async () => {
  expect(
    (await owner.visitor.post("/admin/names", { step: "words", BLOCKED_WORDS: "wat-ches" })).status,
  ).toBe(400);
  const saved = await owner.visitor.post("/admin/names", {
    step: "words",
    BLOCKED_WORDS: "Watches, casino test",
  });
  expect(saved.text).toContain("Saved.");
  const signUp = async (name: string) =>
    xrpc("com.atproto.server.createAccount", {
      input: { handle: `${name}.test`, email: `${name}@example.com`, password: "a good password" },
    });
  for (const name of ["bestwatches", "wat-ches4u", "casino"])
    expect((await signUp(name)).body, name).toMatchObject({ error: "InvalidHandle" });
  const { status, body } = await signUp("watcher-of-birds");
  expect(status).toBe(200);
  const auth = `Bearer ${String(body.accessJwt)}`;
  const renamed = await xrpc("com.atproto.identity.updateHandle", {
    auth,
    input: { handle: "wat-ches.test" },
  });
  expect(renamed.body).toMatchObject({ error: "InvalidHandle" });
  const given = await asAdmin("com.atproto.admin.updateAccountHandle", {
    input: { did: body.did, handle: "wat-ches.test" },
  });
  expect(given.status).toBe(200);
  await owner.visitor.post("/admin/names", { step: "words", BLOCKED_WORDS: "" });
  expect((await signUp("casino")).status).toBe(200);
});

test("the log says whom an act was about, and what it changed, in words", async () => {
  const member = await join();
  await asAdmin("com.atproto.admin.updateSubjectStatus", {
    input: {
      subject: { $type: "com.atproto.admin.defs#repoRef", did: member.did },
      takedown: { applied: true, ref: "SUSPEND <i>insults</i>" },
    },
  });
  const { text, html } = await owner.visitor.get("/admin/log");
  expect(text).toContain(`Update subject status by admin`);
  expect(text).toContain(`@${member.handle} applied: yes; ref: SUSPEND <i>insults</i>`);
  expect(html).not.toContain("<i>insults");
  expect(html).toContain(`href="/admin/members/${member.did}"`);
  await asAdmin("internal.atoll.admin.updateSettings", {
    input: { settings: { BLOCKED_WORDS: "", OWN_LABELS: "" } },
  });
  expect((await owner.visitor.get("/admin/log")).text).toContain("settings: BLOCKED_WORDS, OWN_LABELS");
});

describe("what an inviter can make grow", () => {
  const rows = async () =>
    bindings.DIRECTORY.prepare(
      "SELECT (SELECT count(*) FROM invite_code) AS codes, (SELECT count(*) FROM audit_log) AS acts",
    ).first<{ codes: number; acts: number }>();

  test.each([
    { useCount: 0 },
    { useCount: -1_000 },
    { codeCount: 0, useCount: 1 },
    { codeCount: 1_000, useCount: 0 },
    { codeCount: 5, useCount: 1_000 },
  ])("is nothing by invites of %j", async (wanted) => {
    const { member } = await holderOf("inviter");
    const before = await rows();
    const nsid = `com.atproto.server.createInviteCode${"codeCount" in wanted ? "s" : ""}`;
    const answer = await xrpc(nsid, { auth: member.auth, input: wanted });
    expect(answer).toMatchObject({ status: 400, body: { error: "InvalidRequest" } });
    expect(await rows()).toEqual(before);
  });

  test("is nothing by stopping an invite again, or one that is not there", async () => {
    const { member, visitor } = await holderOf("inviter");
    const { body } = await xrpc("com.atproto.server.createInviteCode", {
      auth: member.auth,
      input: { useCount: 1 },
    });
    const path = `/admin/invites/${String(body.code)}`;
    await visitor.get(path);
    expect((await visitor.post(path, { step: "stop" })).text).toContain("The invite is stopped");
    const before = await rows();
    expect((await visitor.post(path, { step: "stop" })).text).toContain("The invite is stopped");
    expect((await visitor.post("/admin/invites/none", { step: "stop" })).text).toContain("no such invite");
    expect(await rows()).toEqual(before);
  });
});
