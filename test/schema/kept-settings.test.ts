/** Settings that pages set: who sees them, when, and what asking for them costs. */
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keepSettings, keptSettings, readKept } from "../../schema/kept-settings.ts";
import { UnfitSetting, changeSettings } from "../../src/lifecycle/host/settings.ts";
import type { AccountStation } from "../../src/protocol/account-station.ts";
import { SETTINGS, SETTING_NAMES } from "../../src/protocol/settings/list.ts";
import { configure } from "../../src/protocol/settings/configured.ts";
import type { Bindings } from "../../src/protocol/stations.ts";
import worker from "../../src/worker.ts";

const bindings: Bindings<AccountStation> & { BLOBS: R2Bucket } = env as never;
const LATER = { young: 1_900, middle: 3_000, old: 5_100 };

/** Bindings as a deploy has them: the environment sets no more than its address. */
const deployed = () => {
  const bare = Object.entries(bindings).filter(([name]) => !(SETTING_NAMES as string[]).includes(name));
  return { ...Object.fromEntries(bare), LOCAL: "1", RATE_LIMITS: "off" } as unknown as typeof bindings;
};

/** An isolate: it has a binding of its own, by which its copy is held, and counts what it reads of the settings. */
function isolate() {
  const { DIRECTORY } = bindings;
  const counted = { reads: 0, away: false };
  const own = {
    batch: (statements: D1PreparedStatement[]) => DIRECTORY.batch(statements),
    prepare(sql: string) {
      if (sql.includes("FROM host_settings")) {
        counted.reads++;
        if (counted.away) throw new Error("the database is away");
      }
      return DIRECTORY.prepare(sql);
    },
  };
  const given = { ...deployed(), DIRECTORY: own as unknown as D1Database };
  const describeServer = async (): Promise<Record<string, unknown>> => {
    const context = createExecutionContext();
    const request = new Request("http://host/xrpc/com.atproto.server.describeServer");
    const response = await worker.fetch(request, given, context);
    await waitOnExecutionContext(context);
    return response.json();
  };
  return { given, counted, describeServer };
}

let now = Date.now();
const pass = (ms: number) => (now += ms);

beforeEach(() => {
  now += 60_000;
  vi.spyOn(Date, "now").mockImplementation(() => now);
});
afterEach(async () => {
  await bindings.DIRECTORY.prepare("DELETE FROM host_settings").run();
  pass(LATER.old);
  await readKept(bindings);
  vi.restoreAllMocks();
});

describe("a host reads them", () => {
  test("once, and nothing more for requests of the next moment", async () => {
    const { counted, describeServer } = isolate();
    for (let i = 0; i < 20; i++) await describeServer();
    pass(LATER.young);
    await describeServer();
    expect(counted.reads).toBe(1);
  });

  test("behind a request after that, one at a time", async () => {
    const { given, counted } = isolate();
    const deferred: Promise<unknown>[] = [];
    const ask = () => keptSettings(given, (work) => deferred.push(work));
    await ask();
    pass(LATER.middle);
    await Promise.all(Array.from({ length: 20 }, ask));
    expect(deferred).toHaveLength(1);
    await Promise.all(deferred);
    await ask();
    expect([counted.reads, deferred.length]).toEqual([2, 1]);
  });

  test("again at once when nobody has asked for long, so that no isolate wakes up with old ones", async () => {
    const [one, other] = [isolate(), isolate()];
    expect(await other.describeServer()).toMatchObject({ contact: {} });
    await changeSettings(configure(one.given).bindings, "admin", { CONTACT_EMAIL: "hello@lagoon.example" });
    pass(LATER.old);
    expect(await other.describeServer()).toMatchObject({ contact: { email: "hello@lagoon.example" } });
    expect(other.counted.reads).toBe(2);
  });

  test("as they were, while the database is away", async () => {
    const { given, counted, describeServer } = isolate();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await changeSettings(configure(given).bindings, "admin", { CONTACT_EMAIL: "hello@lagoon.example" });
    counted.away = true;
    pass(LATER.old);
    expect(await describeServer()).toMatchObject({ contact: { email: "hello@lagoon.example" } });
  });
});

describe("a change", () => {
  test("is seen by whoever made it at once, without a read", async () => {
    const { given, counted, describeServer } = isolate();
    await describeServer();
    await changeSettings(configure(given).bindings, "admin", {
      REGISTRATION: "Open",
      TERMS_URL: "https://lagoon.example/terms",
    });
    expect(await describeServer()).toMatchObject({
      inviteCodeRequired: false,
      links: { termsOfService: "https://lagoon.example/terms" },
    });
    expect(counted.reads).toBe(1);
  });

  test("of one setting does not undo another's at the same time", async () => {
    const [one, other] = [isolate(), isolate()];
    await Promise.all([
      changeSettings(configure(one.given).bindings, "admin", { HOST_NAME: "Lagoon" }),
      changeSettings(configure(other.given).bindings, "admin", { HOST_COLOR: "0a0" }),
    ]);
    expect(await readKept(one.given)).toEqual({ HOST_NAME: "Lagoon", HOST_COLOR: "#00aa00" });
  });

  test("to nothing gives the default back, but no relay is a choice", async () => {
    const { given } = isolate();
    const change = (typed: object) => changeSettings(configure(given).bindings, "admin", typed);
    await change({ HOST_NAME: "Lagoon", RELAYS: "https://relay.example" });
    await change({ HOST_NAME: " ", RELAYS: " " });
    expect(await readKept(given)).toEqual({ RELAYS: "" });
  });

  test("that cannot work changes nothing, and says which setting and why", async () => {
    const { given } = isolate();
    const unfit = changeSettings(configure(given).bindings, "admin", {
      HOST_NAME: "Lagoon",
      HANDLE_DOMAINS: "com",
    });
    await expect(unfit).rejects.toBeInstanceOf(UnfitSetting);
    await expect(unfit).rejects.toMatchObject({
      setting: "HANDLE_DOMAINS",
      message: expect.stringContaining("top-level domain") as string,
    });
    expect(await readKept(given)).toEqual({});
  });

  test.each(["LOCAL", "PLC_URL", "JWT_SECRET", "SETUP_CODE", "RATE_LIMITS", "BLOB_LIMIT"] as const)(
    "of %s is none for a page",
    async (name) => {
      const { given } = isolate();
      const text = name === "LOCAL" ? "1" : "on";
      const changed = changeSettings(configure(given).bindings, "admin", { [name]: text });
      await expect(changed).rejects.toMatchObject({ status: 400 });
      expect(await readKept(given)).toEqual({});
      // Nor does a row that somebody wrote by hand count.
      await keepSettings(given, { [name]: text });
      const { bindings: made } = configure(given, await readKept(given));
      expect(made[name]).toBe(configure(given).bindings[name]);
    },
  );

  test("is noted in the audit log, without the values", async () => {
    const { given } = isolate();
    await changeSettings(configure(given).bindings, "admin", { MAIL: "Lagoon <host@lagoon.example>" });
    const entry = await bindings.DIRECTORY.prepare(
      "SELECT actor, action, detail FROM audit_log ORDER BY id DESC LIMIT 1",
    ).first();
    expect(entry).toEqual({ actor: "admin", action: "changeSettings", detail: '{"settings":["MAIL"]}' });
  });
});

describe("the environment", () => {
  test("overrides what is kept, and refuses to have it changed", async () => {
    const { given, describeServer } = isolate();
    await changeSettings(configure(given).bindings, "admin", { CONTACT_EMAIL: "hello@lagoon.example" });
    const again = { ...given, CONTACT_EMAIL: "env@lagoon.example" };
    const response = await worker.fetch(
      new Request("http://host/xrpc/com.atproto.server.describeServer"),
      again,
      createExecutionContext(),
    );
    expect(await response.json()).toMatchObject({ contact: { email: "env@lagoon.example" } });
    const changed = changeSettings(configure(again).bindings, "admin", {
      CONTACT_EMAIL: "no@lagoon.example",
    });
    await expect(changed).rejects.toMatchObject({ error: "InvalidRequest" });
    expect(await describeServer()).toMatchObject({ contact: { email: "hello@lagoon.example" } });
  });

  test("is not overridden by a kept setting whose rule has changed since: that one counts as missing", async () => {
    const { given, describeServer } = isolate();
    await keepSettings(given, {
      HANDLE_DOMAINS: "com",
      REGISTRATION: "by-moon",
      CONTACT_EMAIL: "a@b.example",
    });
    expect(await describeServer()).toMatchObject({
      availableUserDomains: [SETTINGS.HANDLE_DOMAINS.local],
      inviteCodeRequired: true,
      contact: { email: "a@b.example" },
    });
  });
});
