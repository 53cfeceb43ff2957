/** What people see of the host itself: its status, its terms, and an error where there is nothing to see. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Status } from "../../src/lifecycle/status.ts";
import { statusView } from "../../src/web/host/status-words.ts";
import { lettingGo } from "../../src/protocol/plan/shortage.ts";
import { sentence } from "../../src/web/pages/words.ts";
import { consumeForAddress } from "../../src/xrpc/server/address-limits.ts";
import { EVERYTHING } from "../../src/xrpc/server/limit-table.ts";
import { ORIGIN, bindings, fetchHost, join, lastMail, post, xrpc } from "../support/account-host.ts";
import { Visitor } from "../support/visitor.ts";

const BROWSER = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };
const typeOf = (response: Response) => response.headers.get("content-type");

describe("an address where nothing is", () => {
  test.each(["/nothing", "/profile/alice.test", "/account/nothing", "/oauth/nothing", "/index.html"])(
    "%s is a page for a browser",
    async (path) => {
      const page = await fetchHost(path, { headers: BROWSER });
      expect([page.status, typeOf(page)]).toEqual([404, "text/html; charset=utf-8"]);
      const html = await page.text();
      expect(html).toContain("There is no page at this address.");
      expect(html).toContain('href="/"');
    },
  );

  test("is one whatever a browser sends there", async () => {
    const page = await fetchHost("/account/nothing", { method: "POST", headers: BROWSER, body: "a=b" });
    expect([page.status, typeOf(page)]).toEqual([404, "text/html; charset=utf-8"]);
  });

  test("is JSON for a program, and for methods always", async () => {
    for (const [path, accept] of [
      ["/nothing", "*/*"],
      ["/nothing", "application/json"],
      ["/xrpc/com.example.nothing", BROWSER.accept],
    ] as const) {
      const answer = await fetchHost(path, { headers: { accept } });
      expect(typeOf(answer), path).toMatch(/^application\/json/);
    }
    expect((await fetchHost("/nothing")).headers.get("vary")).toContain("accept");
  });
});

describe("an error of the host", () => {
  test("too many requests are a page, with the time to wait", async () => {
    bindings.RATE_LIMITS = "on";
    const headers = { ...BROWSER, "cf-connecting-ip": "198.51.100.77" };
    try {
      const request = new Request(`${ORIGIN}/account/sign-in`, { headers });
      for (let i = 1; i < EVERYTHING.points; i++) consumeForAddress(request, "oauth", bindings);
      expect((await fetchHost("/account/sign-in", { headers })).status).toBe(200);
      const page = await fetchHost("/account/passkey.js", { headers });
      expect([page.status, typeOf(page)]).toEqual([429, "text/html; charset=utf-8"]);
      expect(page.headers.get("ratelimit-reset")).not.toBeNull();
      expect(await page.text()).toContain("Please wait a few minutes");
    } finally {
      bindings.RATE_LIMITS = "off";
    }
  });

  describe("while a database is away", () => {
    const { APPVIEW_DB } = bindings;
    beforeEach(() => {
      // What looks whether the database is there still finds it.
      bindings.APPVIEW_DB = {
        batch: (statements: D1PreparedStatement[]) => APPVIEW_DB.batch(statements),
        prepare(sql: string) {
          if (sql.includes("FROM poison")) throw new Error("the database is away");
          return APPVIEW_DB.prepare(sql);
        },
      } as never;
    });
    afterEach(() => {
      bindings.APPVIEW_DB = APPVIEW_DB;
    });

    test("is a page that does not tell what broke", async () => {
      const page = await fetchHost("/status", { headers: BROWSER });
      expect([page.status, typeOf(page)]).toEqual([500, "text/html; charset=utf-8"]);
      const html = await page.text();
      expect(html).toContain("Something went wrong here");
      expect(html).not.toContain("database");
      expect(typeOf(await fetchHost("/status"))).toMatch(/^application\/json/);
    });
  });
});

describe("terms, privacy and contact", () => {
  const SET = {
    TERMS_URL: "https://lagoon.example/terms",
    PRIVACY_URL: "https://lagoon.example/privacy",
    CONTACT_EMAIL: "hello@lagoon.example",
  } as const;
  const NONE = { TERMS_URL: "", PRIVACY_URL: "", CONTACT_EMAIL: "" } as const;
  afterEach(() => {
    Object.assign(bindings, NONE);
  });

  test("are said to apps and on every page, and stand above the button that accepts them", async () => {
    Object.assign(bindings, SET);
    expect((await xrpc("com.atproto.server.describeServer")).body).toMatchObject({
      links: { termsOfService: SET.TERMS_URL, privacyPolicy: SET.PRIVACY_URL },
      contact: { email: SET.CONTACT_EMAIL },
    });
    for (const path of ["/", "/status", "/account/sign-in", "/account/reset", "/nowhere"]) {
      const { html } = await new Visitor().get(path);
      expect(html, path).toContain(`href="${SET.TERMS_URL}"`);
      expect(html, path).toContain(`href="${SET.PRIVACY_URL}"`);
      expect(html, path).toContain(`href="mailto:${SET.CONTACT_EMAIL}"`);
    }
    const { text } = await new Visitor().get("/account/sign-up");
    expect(text).toContain("By creating an account you accept the terms and the privacy policy");
  });

  test("each stands by itself", async () => {
    bindings.PRIVACY_URL = SET.PRIVACY_URL;
    const { text } = await new Visitor().get("/account/sign-up");
    expect(text).toContain("you accept the privacy policy of this community");
    const { body } = await xrpc("com.atproto.server.describeServer");
    expect([body.links, body.contact]).toEqual([{ privacyPolicy: SET.PRIVACY_URL }, {}]);
  });

  test("are nowhere if there are none", async () => {
    const { body } = await xrpc("com.atproto.server.describeServer");
    expect([body.links, body.contact]).toEqual([{}, {}]);
    const { html } = await new Visitor().get("/account/sign-up");
    expect(html).not.toMatch(/By creating an account|mailto:|>Terms</);
  });
});

describe("the status", () => {
  const well: Status = {
    host: "lagoon.example",
    time: "2026-11-30T10:00:00.000Z",
    firehose: { seq: 1_234_567, oldest: 1_200_000 },
    shortage: null,
    streams: [
      {
        kind: "repos",
        readers: 3,
        replaying: 1,
        behind: 1_200,
        unread: 0,
        cut: { TooSlow: 4, Overtaken: 0 },
      },
      { kind: "json", readers: 1, replaying: 0, behind: 0, unread: 0, cut: { TooSlow: 0, Overtaken: 2 } },
    ],
    index: {
      lag: 3,
      cursor: 1_234_564,
      error: null,
      lost: null,
      counts: { members: 12, posts: 3_456, follows: 78 },
      poisoned: { count: 0, newest: [] },
      failed: { count: 0, newest: [] },
      waiting: 0,
      rebuild: null,
    },
  };
  const but = (index: Partial<Status["index"]>) =>
    statusView({ ...well, index: { ...well.index, ...index } });
  const failure = { did: "did:plc:lost", error: "mst row", at: 0 };

  test("says what is let go when the day runs short, and nothing while only the owners need to know", () => {
    const at = (step: number) =>
      statusView({
        ...well,
        shortage: { step, resource: "requests", share: 0.9512, until: 0, letsGo: lettingGo({ step }) },
      });
    expect(at(0).trouble).toBeNull();
    expect(at(3).trouble).toMatch(
      /^95 % of what Cloudflare’s free plan allows .* Guests see no pages.* Nothing is lost/,
    );
    expect(at(3).plain).toContainEqual(["New posts show up", "after midnight (UTC)"]);
  });
  const poison = { seq: 7, did: null, error: "UNIQUE constraint failed", at: 0 };

  test.each<[string, Partial<Status["index"]>, RegExp | null]>([
    ["all is well", {}, null],
    ["a little behind", { lag: 500 }, null],
    ["far behind", { lag: 12_000 }, /show up late: 12,000 changes/],
    ["stopped", { error: "D1_ERROR: no such table: post" }, /do not show up at the moment. Nothing is lost/],
    ["with a gap", { lost: { after: 4, upTo: 9 } }, /Some posts are missing/],
    [
      "with an account that fails",
      { failed: { count: 1, newest: [failure] } },
      /Some posts of 1 person may be/,
    ],
    ["with something set aside", { poisoned: { count: 1, newest: [poison] } }, /could not be shown/],
  ])("%s is said without a word of the trade", (_name, index, trouble) => {
    const view = but(index);
    if (trouble === null) expect(view.trouble).toBeNull();
    else expect(view.trouble).toMatch(trouble);
    const plain = [view.trouble ?? "", ...view.plain.flat()].join(" ");
    expect(plain).not.toMatch(/index|event|seq|cursor|firehose|lag\b|D1_|constraint|rebuild|relay/i);
  });

  test("has the figures for whoever runs the host", () => {
    const view = but({ error: "D1_ERROR", lag: 3, poisoned: { count: 1, newest: [poison] } });
    expect(view.figures).toContainEqual(["Last error", "D1_ERROR"]);
    expect(view.figures).toContainEqual(["Newest indexed", "1234564, 3 wait"]);
    expect(view.figures).toContainEqual([
      "Firehose",
      "3 readers; 1 of them behind, by up to 1,200 events; 4 cut for not reading",
    ]);
    expect(view.figures).toContainEqual(["JSON stream", "1 reader; 2 cut for asking for what is gone"]);
    expect(view.plain).toContainEqual(["Other places", "4 other services carry on what is posted here."]);
    expect(view.setAside).toMatchObject([{ seq: 7, error: "UNIQUE constraint failed" }]);
    const failed = but({ failed: { count: 2, newest: [failure] }, waiting: 3 });
    expect(failed.figures).toContainEqual(["Accounts not indexed", "2: rebuild the index"]);
    expect(failed.figures).toContainEqual(["Large repos coming in", "3"]);
    expect(failed.failed).toMatchObject([{ did: "did:plc:lost", error: "mst row" }]);
  });

  test("is a page", async () => {
    const { text } = await new Visitor().get("/status");
    expect(text).toContain("How localhost is doing");
    expect(text).toContain("New posts show up");
  });
});

describe("small words", () => {
  test.each([
    ["Already ended.", "Already ended."],
    ["Not ended", "Not ended."],
    ["Twice ended..", "Twice ended."],
    ["Is it? ", "Is it?"],
    ["", "."],
  ])("%j ends once: %j", (text, ended) => {
    expect(sentence(text)).toBe(ended);
  });

  test("an error of an app's request ends once", async () => {
    const { text, status } = await new Visitor().get("/oauth/authorize");
    expect(status).toBe(400);
    expect(text).toMatch(/The app made a mistake: [^.]*[^.]\. /);
  });

  test("pages say where things are, and what they end", async () => {
    const member = await join();
    const visitor = new Visitor();
    await visitor.signIn(member.handle, member.password);
    expect((await visitor.get("/account/browsers")).text).toContain("Everywhere, here too");
    expect((await visitor.get("/account/leave")).text).toContain(
      "sign in here or in an app, and switch it on again",
    );
    expect((await visitor.get("/account/welcome")).text).toContain("choose “Manual”");
  });

  test("the mail about a deletion asks for what the page asks for", async () => {
    const member = await join();
    await post("com.atproto.server.requestAccountDelete", { auth: member.auth });
    const { text } = await lastMail(member.email);
    expect(text).toContain("enter this code where you asked for it; an app wants your password as well");
  });

  test("what has to be copied has a button for it, which the script shows", async () => {
    const member = await join();
    const visitor = new Visitor();
    await visitor.signIn(member.handle, member.password);
    const { html } = await visitor.get("/account/handle");
    expect(html).toContain(`data-copy="did=${member.did}"`);
    expect(html).toContain('data-copy="_atproto"');
    expect(html).toMatch(/<table class="record">.*<th scope="row">Type<\/th>/s);
    await visitor.get("/account/app-passwords");
    const made = await visitor.post("/account/app-passwords", { step: "create", name: "An app" });
    expect(made.html).toMatch(/hidden="?"? data-copy="[a-z2-7-]{19}"/);
    const script = await fetchHost("/account/copy.js");
    expect(await script.text()).toContain("navigator.clipboard.writeText");
  });
});
