/** Set-up under attack: guesses at once, claims at once, buttons pressed twice, and what dies at each step. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readKept } from "../../schema/kept-settings.ts";
import { SetUp } from "../../src/lifecycle/host/set-up.ts";
import { ModerationRoles } from "../../src/moderation/roles.ts";
import worker from "../../src/worker.ts";
import { ORIGIN, bindings, join } from "../support/account-host.ts";
import { type Shown, Visitor } from "../support/visitor.ts";

const CODE = "only-the-deployer-has-it";
const THERE = ORIGIN.replace("localhost", "pds.localhost");

/** A local host that waits to be set up, so that identities can be registered. */
const unconfigured = (given: Partial<typeof bindings> = {}): typeof bindings => ({
  ...bindings,
  PUBLIC_URL: "",
  SETUP_CODE: CODE,
  RATE_LIMITS: "on",
  REGISTRATION: "invite",
  FIXED: ["REGISTRATION"],
  ...given,
});

function visitor(address = "198.51.100.1", origin = ORIGIN, given = unconfigured()): Visitor {
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
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
  return new Visitor(ask, origin);
}

const open = async (who: Visitor, code = CODE): Promise<Shown> => {
  await who.get("/setup");
  return who.post("/setup", { step: "open", code });
};

/** Somebody who has opened set-up, and given the host its address. */
async function within(): Promise<Visitor> {
  const who = visitor();
  await open(who);
  await who.get("/setup/address");
  await who.post("/setup/address", { step: "save", where: "here", PUBLIC_URL: "" });
  await who.get("/setup/owner");
  return who;
}

let people = 0;
const person = () => {
  const handle = `own${people++}x${Math.floor(Math.random() * 1e6)}`;
  return { handle, email: `${handle}@example.com`, password: "correct horse battery" };
};

const owners = async () =>
  (await new ModerationRoles(bindings.DIRECTORY).list()).filter(({ role }) => role === "owner");
const handleOf = (did: string | undefined) =>
  bindings.DIRECTORY.prepare("SELECT handle FROM account WHERE did = ?1").bind(did).first<string>("handle");

let now = Date.now();
beforeEach(() => {
  now += 60_000;
  vi.spyOn(Date, "now").mockImplementation(() => now);
  for (const name of ["log", "warn", "error"] as const) vi.spyOn(console, name).mockImplementation(() => {});
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

describe("the code", () => {
  test("of thirty guesses at once from an address, ten are compared", async () => {
    const guessers = Array.from({ length: 30 }, () => visitor());
    for (const who of guessers) await who.get("/setup");
    const answers = await Promise.all(
      guessers.map((who, n) => who.post("/setup", { step: "open", code: `guess number ${n}` })),
    );
    expect(answers.filter(({ text }) => text.includes("This is not the code."))).toHaveLength(10);
    expect(answers.filter(({ text }) => text.includes("Too many attempts"))).toHaveLength(20);
  });

  test("that is right is not looked at either, until the deployer sets another", async () => {
    for (let n = 0; n < 10; n++) await open(visitor(), `guess number ${n}`);
    const shut = await open(visitor());
    expect(shut.text).toContain("Too many attempts");
    expect(shut.text).toContain("A new SETUP_CODE opens it at once.");
    const renewed = unconfigured({ SETUP_CODE: "another-of-the-deployer" });
    const who = visitor("198.51.100.1", ORIGIN, renewed);
    expect((await open(who, "another-of-the-deployer")).location).toBe("/setup");
  });

  test("used in two browsers at once, lets one of them go on", async () => {
    const both = [visitor("198.51.100.1"), visitor("198.51.100.2")];
    for (const who of both) await who.get("/setup");
    await Promise.all(both.map((who) => who.post("/setup", { step: "open", code: CODE })));
    const pages = await Promise.all(both.map((who) => who.get("/setup")));
    expect(pages.filter(({ text }) => text.includes("Set up this host"))).toHaveLength(1);
    expect(pages.filter(({ text }) => text.includes("under way in another browser"))).toHaveLength(1);
  });

  test.each([
    ["words with blanks", "four words of mine", "four words of mine"],
    ["a blank at its end", "a-code-of-twelve ", "a-code-of-twelve"],
    ["marks that nobody sees", "a-code-of-\u200Btwelve", " a-code-of-twelve"],
    ["letters in another form", "Schlu\u0308sselblume", "Schl\u00FCsselblume"],
  ])("with %s is the same as it is typed", async (_, set, typed) => {
    const who = visitor("198.51.100.1", ORIGIN, unconfigured({ SETUP_CODE: set }));
    expect((await open(who, typed)).location).toBe("/setup");
  });

  test("never goes without TLS where the host is deployed", async () => {
    const { LOCAL: _local, ...deployed } = unconfigured();
    const who = visitor("198.51.100.1", "http://pds.lagoon.dev", deployed as typeof bindings);
    const page = await who.get("/setup?x=1");
    expect([page.status, page.location]).toEqual([308, "https://pds.lagoon.dev/setup?x=1"]);
  });
});

describe("a pass to the host's other address", () => {
  async function passed(): Promise<{ pass: string; who: Visitor }> {
    const who = visitor();
    await open(who);
    const pass = await new SetUp(unconfigured()).makePass();
    return { pass: `/setup/enter?pass=${pass}`, who };
  }

  test("lets in one of two who bring it at once, and ends set-up where it was", async () => {
    const { pass, who } = await passed();
    const both = [visitor("198.51.100.1", THERE), visitor("198.51.100.2", THERE)];
    await Promise.all(both.map((each) => each.get(pass)));
    const pages = await Promise.all([...both, who].map((each) => each.get("/setup")));
    expect(pages.filter(({ text }) => text.includes("Set up this host"))).toHaveLength(1);
    expect(pages[2]?.text).toContain("under way in another browser");
  });

  test("is no good after ten minutes, nor once set-up has ended", async () => {
    const late = await passed();
    now += 11 * 60_000;
    await visitor("203.0.113.9", THERE).get(late.pass);
    expect((await late.who.get("/setup")).text).toContain("Set up this host");
    const { pass } = await passed();
    await new SetUp(unconfigured()).finish();
    const thief = visitor("203.0.113.9", THERE);
    await thief.get(pass);
    expect((await thief.get("/setup/place")).text).not.toContain("Whose place");
  });
});

describe("what dies on the way", () => {
  test("after the address was kept and before the way there was shown, goes on there by the code", async () => {
    const who = visitor();
    await open(who);
    await who.get("/setup/address");
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      const url = new URL(input instanceof Request ? input.url : input.toString());
      return worker.fetch(new Request(url), unconfigured(), createExecutionContext());
    });
    const dying = vi.spyOn(SetUp.prototype, "makePass").mockRejectedValue(new Error("the isolate died"));
    await who.post("/setup/address", { step: "save", where: "own", PUBLIC_URL: THERE });
    expect(dying).toHaveBeenCalledOnce();
    dying.mockRestore();
    expect(await readKept(bindings)).toEqual({ PUBLIC_URL: THERE });
    expect((await who.get("/setup/handles")).location).toBe(`${THERE}/setup/handles`);
    const there = visitor("198.51.100.1", THERE);
    expect((await open(there)).location).toBe("/setup");
    expect((await there.get("/setup")).text).toContain(THERE);
  });

  test("after the owner's account was made and before it was the owner's, takes it by its password", async () => {
    const who = await within();
    const { handle, email, password } = person();
    const dying = vi.spyOn(ModerationRoles.prototype, "grant").mockRejectedValue(new Error("it died"));
    expect((await who.post("/setup/owner", { step: "sign-up", handle, email, password })).status).toBe(500);
    dying.mockRestore();
    expect(await owners()).toEqual([]);
    await who.get("/setup/owner");
    const again = await who.post("/setup/owner", { step: "sign-up", handle, email, password });
    expect(again.text).toContain("This handle is taken.");
    const wrongly = await who.post("/setup/owner", { step: "take", identifier: handle, password: "a guess" });
    expect(wrongly.text).toContain("That handle and password do not belong together.");
    expect(await owners()).toEqual([]);
    const taken = await who.post("/setup/owner", { step: "take", identifier: handle, password });
    expect(taken.location).toBe("/setup/owner");
    expect(await handleOf((await owners())[0]?.did)).toBe(`${handle}.test`);
    expect((await who.get("/setup/owner")).text).toContain("This host has its owner.");
    const logged = await bindings.DIRECTORY.prepare(
      "SELECT actor, detail FROM audit_log WHERE subject = ?1 AND action = 'grantRole' ORDER BY id DESC LIMIT 1",
    )
      .bind((await owners())[0]?.did)
      .first();
    expect(logged).toEqual({ actor: "setup", detail: '{"role":"owner"}' });
  });
});

describe("the owner's account", () => {
  test("made by a button that was pressed twice is made once, and both answers lead on", async () => {
    const who = await within();
    const form = { step: "sign-up", ...person() };
    const answers = await Promise.all([who.post("/setup/owner", form), who.post("/setup/owner", form)]);
    expect(await owners()).toHaveLength(1);
    expect(answers.map(({ location }) => location)).toContain("/setup/owner");
    expect((await who.get("/setup/owner")).text).toContain("This host has its owner.");
  });

  test("is nobody's to take while set-up is open elsewhere, or once there is an owner", async () => {
    const { handle, password } = await join();
    const thief = visitor("203.0.113.9");
    await within();
    await thief.get("/setup");
    const form = { step: "take", identifier: handle, password };
    await thief.post("/setup/owner", form);
    expect(await owners()).toEqual([]);
    const who = await within();
    await who.post("/setup/owner", { step: "sign-up", ...person() });
    await who.get("/setup/owner");
    expect((await who.post("/setup/owner", form)).text).toContain("The host has an owner already.");
    expect(await owners()).toHaveLength(1);
  });

  test("may have moved in by an invite that set-up made", async () => {
    const who = await within();
    const made = await who.post("/setup/owner", { step: "invite" });
    const [, inviteCode = ""] = /good for one account: (\S+)/.exec(made.text) ?? [];
    const found = await bindings.DIRECTORY.prepare(
      "SELECT available_uses AS n FROM invite_code WHERE code = ?1",
    )
      .bind(inviteCode)
      .first("n");
    expect(found).toBe(1);
  });

  test("that is switched off is not the owner's yet", async () => {
    const who = await within();
    const { did, handle, password } = await join();
    await bindings.DIRECTORY.prepare("UPDATE account SET state = 'deactivated' WHERE did = ?1")
      .bind(did)
      .run();
    const form = { step: "take", identifier: handle, password };
    expect((await who.post("/setup/owner", form)).text).toContain("This account is switched off.");
    expect(await owners()).toEqual([]);
  });
});
