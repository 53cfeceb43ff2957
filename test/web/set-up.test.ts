/** A deployed host without an address: what it serves, who may set it up, and what the pages keep. */
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readKept } from "../../schema/kept-settings.ts";
import type { AccountStation } from "../../src/protocol/account-station.ts";
import { SETTING_NAMES } from "../../src/protocol/settings/list.ts";
import type { Bindings } from "../../src/protocol/stations.ts";
import worker from "../../src/worker.ts";
import { Visitor } from "../support/visitor.ts";

const bindings: Bindings<AccountStation> & { BLOBS: R2Bucket } = env as never;
const HERE = "https://atoll.maker.workers.dev";
const CODE = "only-the-deployer-has-it";
const BROWSER = "text/html,application/xhtml+xml";

/** Bindings of a deploy: nothing is set but the code. */
function deployed(given: object = {}): Bindings<AccountStation> {
  const bare = Object.entries(bindings).filter(([name]) => !(SETTING_NAMES as string[]).includes(name));
  const vars = { SETUP_CODE: CODE, RATE_LIMITS: "on", ...given };
  return { ...Object.fromEntries(bare), ...vars } as unknown as Bindings<AccountStation>;
}

/** Asks the host at an origin, from an address. */
function asker(given = deployed(), origin = HERE, address = "198.51.100.1") {
  return async (path: string, init: RequestInit = {}): Promise<Response> => {
    const context = createExecutionContext();
    const headers = new Headers(init.headers);
    headers.set("cf-connecting-ip", address);
    const response = await worker.fetch(
      new Request(`${origin}${path}`, { ...init, headers }),
      given,
      context,
    );
    await waitOnExecutionContext(context);
    return response;
  };
}

const visitor = (given = deployed(), origin = HERE, address?: string) =>
  new Visitor(asker(given, origin, address), origin);

const open = async (who: Visitor, code = CODE) => {
  await who.get("/setup");
  return who.post("/setup", { step: "open", code });
};

let now = Date.now();
beforeEach(() => {
  // Past every copy of the settings that the runtime may hold.
  now += 60_000;
  vi.spyOn(Date, "now").mockImplementation(() => now);
});
afterEach(async () => {
  const { DIRECTORY } = bindings;
  await DIRECTORY.batch(
    ["host_settings", "host_setup", "allowance", "role"].map((table) =>
      DIRECTORY.prepare(`DELETE FROM ${table}`),
    ),
  );
  now += 60_000;
  await readKept(bindings);
  vi.restoreAllMocks();
});

describe("a deployed host without an address", () => {
  test.each([
    ["GET", "/"],
    ["GET", "/xrpc/com.atproto.server.describeServer"],
    ["POST", "/xrpc/com.atproto.server.createAccount"],
    ["POST", "/xrpc/com.atproto.server.createSession"],
    ["GET", "/xrpc/com.atproto.sync.listRepos"],
    ["GET", "/.well-known/did.json"],
    ["GET", "/.well-known/atproto-did"],
    ["GET", "/.well-known/oauth-authorization-server"],
    ["POST", "/oauth/par"],
    ["GET", "/account/sign-up"],
    ["GET", "/admin"],
    ["GET", "/img/avatar/plain/did:plc:x/y"],
    ["GET", "/setupx"],
  ])("answers %s %s with what to do", async (method, path) => {
    const response = await asker()(path, { method });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("60");
    expect(await response.json()).toEqual({
      error: "HostNotSetUp",
      message: `This host is not set up yet. Whoever deployed it does so at ${HERE}/setup.`,
    });
  });

  test.each(["/", "/account/sign-up", "/status", "/profile/anna.test"])(
    "leads a browser from %s to set-up",
    async (path) => {
      const response = await asker()(path, { headers: { accept: BROWSER }, redirect: "manual" });
      expect([response.status, response.headers.get("location")]).toEqual([303, "/setup"]);
    },
  );

  test("says that it is up", async () => {
    expect((await asker()("/xrpc/_health")).status).toBe(200);
  });

  test("makes no account, by whatever way", async () => {
    const who = visitor();
    await open(who);
    await who.get("/setup/owner");
    const refused = await who.post("/setup/owner", {
      step: "sign-up",
      handle: "anna",
      email: "anna@example.com",
      password: "correct horse",
    });
    expect(refused.text).toContain("The host needs its address first");
    const found = await bindings.DIRECTORY.prepare("SELECT count(*) AS n FROM account").first("n");
    expect(found).toBe(0);
  });

  test("without a code says how to set one, and opens for nobody", async () => {
    const given = deployed({ SETUP_CODE: "" });
    const who = visitor(given);
    expect((await who.get("/setup")).text).toContain("npx wrangler secret put SETUP_CODE");
    // The page has no form, so one comes from a page of a host that has a code.
    const form = visitor();
    await form.get("/setup");
    for (const code of ["", "undefined", "null"]) {
      const answer = await form.through(asker(given)).post("/setup", { step: "open", code });
      expect(answer.text, code).toContain("it has no code");
      expect(answer.headers.getSetCookie().join()).not.toContain("atoll-setup");
    }
  });

  test("does not start with a code that can be guessed", async () => {
    const response = await asker(deployed({ SETUP_CODE: "1234" }))("/setup");
    expect(response.status).toBe(503);
    const { message } = await response.json<{ message: string }>();
    expect(message).toContain("SETUP_CODE is shorter than 12 characters");
    expect(message).not.toContain("1234");
  });
});

describe("the code", () => {
  test.each(["", "only-the-deployer-has-i", `${CODE}x`, "ONLY-THE-DEPLOYER-HAS-IT"])(
    "%j opens nothing",
    async (code) => {
      const who = visitor();
      const answer = await open(who, code);
      expect([answer.status, answer.text.includes("This is not the code.")]).toEqual([400, true]);
      expect((await who.get("/setup/place")).text).toContain("This host is not set up yet");
    },
  );

  test("opens it for the browser that has it, and for no other", async () => {
    const [who, stranger] = [visitor(), visitor(deployed(), HERE, "198.51.100.2")];
    expect((await open(who)).location).toBe("/setup");
    expect((await who.get("/setup")).text).toContain("Set up this host");
    const shut = await stranger.get("/setup/place");
    expect(shut.text).toContain("Set-up is under way in another browser");
    const posted = await stranger.post("/setup/place", { step: "save", HOST_KIND: "person" });
    expect(posted.text).not.toContain("Whose place");
    expect(await readKept(bindings)).toEqual({});
  });

  test("used again, moves set-up to that browser", async () => {
    const [first, second] = [visitor(), visitor(deployed(), HERE, "198.51.100.2")];
    await open(first);
    await first.get("/setup/place");
    await first.post("/setup/place", { step: "save", HOST_KIND: "person" });
    await open(second);
    expect((await second.get("/setup")).text).toContain("One person’s");
    expect((await first.get("/setup")).text).toContain("under way in another browser");
  });

  test("is refused after too many guesses from an address, and lets others in", async () => {
    const who = visitor();
    for (let i = 0; i < 10; i++)
      expect((await open(who, `guess number ${i}`)).text).toContain("not the code");
    expect((await open(who)).text).toContain("Too many attempts");
    expect((await open(visitor(deployed(), HERE, "203.0.113.9"))).location).toBe("/setup");
    now += 11 * 60_000;
    expect((await open(who)).location).toBe("/setup");
  });

  test("is refused after too many guesses from everywhere, until there is a new one", async () => {
    for (let i = 0; i < 60; i++) {
      const answer = await open(visitor(deployed(), HERE, `203.0.113.${i}`), `guess number ${i}`);
      expect(answer.text).toContain("not the code");
    }
    expect((await open(visitor())).text).toContain("Too many attempts");
    const renewed = deployed({ SETUP_CODE: "another-of-the-deployer" });
    expect((await open(visitor(renewed), "another-of-the-deployer")).location).toBe("/setup");
  });

  test("of a form from elsewhere opens nothing", async () => {
    const answer = await asker()("/setup", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: "https://evil.example" },
      body: new URLSearchParams({ step: "open", code: CODE }).toString(),
    });
    expect(answer.status).toBe(403);
  });
});

describe("the address", () => {
  /** What others find at a name; the host itself if it is `host`. */
  const outside = (answer: (url: URL) => Response | Promise<Response>) =>
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      const url = new URL(input instanceof Request ? input.url : input.toString());
      return answer(url);
    });
  const wanted = { step: "save", where: "own", PUBLIC_URL: "PDS.Lagoon.dev" };

  test("of the host itself is taken at once, and everything is served", async () => {
    const who = visitor();
    await open(who);
    await who.get("/setup/address");
    const saved = await who.post("/setup/address", { step: "save", where: "here", PUBLIC_URL: "" });
    expect(saved.location).toBe("/setup/handles");
    const described = await asker()("/xrpc/com.atproto.server.describeServer");
    expect(await described.json()).toMatchObject({ did: "did:web:atoll.maker.workers.dev" });
  });

  test.each([
    ["nobody answers", () => Promise.reject(new TypeError("no such host")), "does not answer"],
    ["it leads elsewhere", () => Response.redirect("https://lagoon.dev/", 301), "leads elsewhere"],
    ["a challenge stands there", () => new Response("Just a moment", { status: 403 }), "asks for a browser"],
    [
      "another server is there",
      () => new Response("<html>", { status: 200 }),
      "answers, but it is not this host",
    ],
  ])("of one’s own is not kept while %s", async (_name, answer, words) => {
    const who = visitor();
    await open(who);
    await who.get("/setup/address");
    outside(answer);
    const refused = await who.post("/setup/address", wanted);
    expect(refused.text).toContain(`pds.lagoon.dev ${words}`);
    expect(await readKept(bindings)).toEqual({});
  });

  test("of one’s own is kept when the host itself answers there, and set-up goes on there", async () => {
    const who = visitor();
    await open(who);
    await who.get("/setup/address");
    outside((url) => asker(deployed(), url.origin)(url.pathname));
    const saved = await who.post("/setup/address", wanted);
    expect(saved.text).toContain("This host is at pds.lagoon.dev now");
    const pass = new URL(/href="(https:[^"]*enter[^"]*)"/.exec(saved.html)?.[1] ?? "");
    expect([pass.origin, pass.pathname]).toEqual(["https://pds.lagoon.dev", "/setup/enter"]);
    // Here, everything leads there now.
    const moved = await asker()("/setup", { headers: { accept: BROWSER }, redirect: "manual" });
    expect(moved.headers.get("location")).toBe("https://pds.lagoon.dev/setup");
    const there = visitor(deployed(), "https://pds.lagoon.dev");
    expect((await there.get(pass.pathname + pass.search)).location).toBe("/setup");
    expect((await there.get("/setup")).text).toContain("Set up this host");
    // The pass was good once.
    const thief = visitor(deployed(), "https://pds.lagoon.dev", "203.0.113.77");
    await thief.get(pass.pathname + pass.search);
    expect((await thief.get("/setup")).text).toContain("under way in another browser");
  });

  test("is not proved by a guess", async () => {
    for (const guess of ["", "here", "0".repeat(32)]) {
      expect(await (await asker()(`/setup/here/${guess}`)).text()).not.toBe("here");
    }
  });

  test.each([
    ["http://pds.lagoon.dev", "https://"],
    ["localhost", "public name"],
    ["10.0.0.1", "public name"],
    ["pds.lagoon.dev/path", "no path"],
    ["", "Please enter the name"],
  ])("%j is refused in words", async (typed, words) => {
    const who = visitor();
    await open(who);
    await who.get("/setup/address");
    const refused = await who.post("/setup/address", { ...wanted, PUBLIC_URL: typed });
    expect([refused.status, refused.text.includes(words)]).toEqual([400, true]);
  });
});

describe("the pages", () => {
  test("keep what was typed, in its normal form, and say what cannot be", async () => {
    const who = visitor();
    await open(who);
    await who.get("/setup/look");
    const wrongly = await who.post("/setup/look", { step: "save", HOST_NAME: "Lagoon", HOST_COLOR: "teal" });
    expect(wrongly.text).toContain('This is "teal": write it as #0e7c86.');
    expect(wrongly.html).toContain('value="Lagoon"');
    expect(await readKept(bindings)).toEqual({});
    const saved = await who.post("/setup/look", { step: "save", HOST_NAME: "Lagoon", HOST_COLOR: "0A0" });
    expect(saved.location).toBe("/setup/links");
    expect(await readKept(bindings)).toEqual({ HOST_NAME: "Lagoon", HOST_COLOR: "#00aa00" });
  });

  test("propose the plan that asks for least, and what fits one person", async () => {
    const who = visitor();
    await open(who);
    const chosen = (html: string, name: string) =>
      [...html.matchAll(/<input type="radio"[^>]*>/g)]
        .map(([input]) => input)
        .filter((input) => input.includes(`name="${name}"`) && / checked/.test(input))
        .map((input) => /value="([^"]*)"/.exec(input)?.[1]);
    expect(chosen((await who.get("/setup/place")).html, "PLAN")).toEqual(["free"]);
    expect(chosen((await who.get("/setup/joining")).html, "REGISTRATION")).toEqual(["invite"]);
    await who.get("/setup/place");
    await who.post("/setup/place", { step: "save", HOST_KIND: "person", PLAN: "paid", PERSON_SHOWS: "" });
    expect(chosen((await who.get("/setup/place")).html, "PLAN")).toEqual(["paid"]);
    expect(chosen((await who.get("/setup/joining")).html, "REGISTRATION")).toEqual(["closed"]);
    expect(chosen((await who.get("/setup/network")).html, "APPVIEW")).toEqual([
      "did:web:api.bsky.app#bsky_appview",
    ]);
  });

  test("set nothing that they do not ask for", async () => {
    const who = visitor();
    await open(who);
    await who.get("/setup/look");
    await who.post("/setup/look", {
      step: "save",
      HOST_NAME: "Lagoon",
      REGISTRATION: "open",
      PUBLIC_URL: HERE,
    });
    expect(await readKept(bindings)).toEqual({ HOST_NAME: "Lagoon" });
  });

  describe("take a logo", () => {
    const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
    const send = async (who: Visitor, bytes: Uint8Array<ArrayBuffer>, more: Record<string, string> = {}) => {
      await who.get("/setup/look");
      return who.upload("/setup/look", { step: "save", HOST_NAME: "Lagoon", ...more }, "HOST_LOGO", bytes);
    };

    test("that is a picture, show it in every header, and keep it until it shall go", async () => {
      const who = visitor();
      await open(who);
      expect((await send(who, png)).location).toBe("/setup/links");
      const { HOST_LOGO: name } = await readKept(bindings);
      const path = `/account/logo/${name}`;
      expect((await who.get("/setup/links")).html).toContain(`<img class="mark" src="${path}" alt=""`);
      const file = await asker()(path);
      expect([file.status, file.headers.get("content-type")]).toEqual([200, "image/png"]);
      expect(new Uint8Array(await file.arrayBuffer())).toEqual(png);
      // Without a new one, it stays.
      await send(who, new Uint8Array());
      expect(await readKept(bindings)).toMatchObject({ HOST_LOGO: name });
      const other = Uint8Array.from([...png, 4]);
      await send(who, other);
      expect((await asker()(path)).status).toBe(404);
      await send(who, new Uint8Array(), { "forget-HOST_LOGO": "yes" });
      expect(await readKept(bindings)).toEqual({ HOST_NAME: "Lagoon" });
      expect((await bindings.BLOBS.list({ prefix: "host/logo/" })).objects).toEqual([]);
    });

    test.each([
      [
        "a script in a picture’s clothes",
        Uint8Array.from(new TextEncoder().encode("<svg onload=alert(1)>")),
        "is no picture",
      ],
      ["one that is too large", new Uint8Array(210 * 1024).fill(1).with(0, 0xff), "is no picture"],
      ["a large picture", Uint8Array.from([...png, ...new Uint8Array(205 * 1024)]), "is larger than 200 KB"],
    ])("but not %s", async (_name, bytes, words) => {
      const who = visitor();
      await open(who);
      const refused = await send(who, bytes);
      expect([refused.status, refused.text.includes(words)]).toEqual([400, true]);
      expect(await readKept(bindings)).toEqual({});
      expect((await bindings.BLOBS.list({ prefix: "host/logo/" })).objects).toEqual([]);
    });

    test("but no form that is larger than one with a logo may be", async () => {
      const who = visitor();
      await open(who);
      expect((await send(who, new Uint8Array(400 * 1024))).status).toBe(403);
    });
  });

  test("take another choice as it is typed", async () => {
    const who = visitor();
    await open(who);
    await who.get("/setup/network");
    const asked = { step: "save", APPVIEW: "other", RELAYS: "" };
    const wrongly = await who.post("/setup/network", { ...asked, "APPVIEW-other": "api.example.dev" });
    expect(wrongly.text).toContain("and its like");
    expect(wrongly.html).toContain('value="api.example.dev"');
    const other = "did:web:api.example.dev#bsky_appview";
    await who.post("/setup/network", { ...asked, "APPVIEW-other": other });
    expect(await readKept(bindings)).toEqual({ APPVIEW: other, RELAYS: "" });
    expect((await who.get("/setup/network")).html).toContain(`value="${other}"`);
  });

  test("never show a secret, keep it when its field is empty, and forget it when told", async () => {
    const who = visitor();
    await open(who);
    await who.get("/setup/mail");
    await who.post("/setup/mail", { step: "save", MAIL: "a@lagoon.dev", RESEND_API_KEY: "re_secret" });
    expect((await who.get("/setup/mail")).html).not.toContain("re_secret");
    await who.post("/setup/mail", { step: "save", MAIL: "b@lagoon.dev", RESEND_API_KEY: "" });
    expect(await readKept(bindings)).toEqual({ MAIL: "b@lagoon.dev", RESEND_API_KEY: "re_secret" });
    const forget = { "forget-RESEND_API_KEY": "yes", RESEND_API_KEY: "" };
    await who.post("/setup/mail", { step: "save", MAIL: "b@lagoon.dev", ...forget });
    expect(await readKept(bindings)).toEqual({ MAIL: "b@lagoon.dev" });
  });

  test("show what the environment sets, and leave it alone", async () => {
    const given = deployed({ HOST_NAME: "Reef" });
    const who = visitor(given);
    await open(who);
    const page = await who.get("/setup/look");
    expect(page.text).toContain("Name : Reef");
    expect(page.html).not.toContain('name="HOST_NAME"');
    await who.post("/setup/look", { step: "save", HOST_NAME: "Lagoon", HOST_COLOR: "" });
    expect(await readKept(bindings)).toEqual({});
  });
});
