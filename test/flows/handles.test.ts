/** Handles over time: names that are nobody's, and domains that change hands. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { checkHandles } from "../../src/lifecycle/handle-check.ts";
import { Directory } from "../../src/identity/directory.ts";
import { HandleResolver } from "../../src/identity/handle.ts";
import { DidResolver } from "../../src/identity/did.ts";
import type { Member } from "../support/account-host.ts";
import { ORIGIN, asAdmin, bindings, join, xrpc } from "../support/account-host.ts";
import { refusalOf } from "../support/bindings.ts";
import { outsider } from "../support/outsider.ts";

const DAY = 86_400_000;
/** What each domain says; null: it does not answer. */
let domains: Record<string, string | null> = {};

beforeEach(async () => {
  await bindings.DIRECTORY.prepare("DELETE FROM host_task").run();
  domains = {};
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input);
    if (hostname === "cloudflare-dns.com") return Response.json({ Status: 0 });
    const said = domains[hostname];
    if (said === null) throw new TypeError("unreachable");
    return said === undefined ? new Response("", { status: 404 }) : new Response(said);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const update = (member: Pick<Member, "auth">, handle: string) =>
  xrpc("com.atproto.identity.updateHandle", { auth: member.auth, input: { handle } });
const handleOf = async (member: Member) =>
  (await xrpc("com.atproto.server.getSession", { auth: member.auth })).body.handle;
const resolve = async (handle: string) =>
  (await xrpc("com.atproto.identity.resolveHandle", { params: { handle } })).body.did;

/** The Worker's schedule, so many days from now. */
const check = (days: number) =>
  checkHandles({ ...bindings, PUBLIC_URL: ORIGIN }, () => Date.now() + days * DAY);

let made = 0;
async function withDomain(): Promise<{ member: Member; domain: string }> {
  const [member, domain] = [await join(), `domain${made++}.example.com`];
  domains[domain] = member.did;
  expect((await update(member, domain)).status).toBe(200);
  return { member, domain };
}

test("a handle that was changed is the document's at once, to everybody who asks this host", async () => {
  const member = await join();
  const identity = async (identifier: string) =>
    (await xrpc("com.atproto.identity.resolveIdentity", { params: { identifier } })).body;
  expect(await identity(member.did)).toMatchObject({ handle: member.handle });
  for (const handle of [`first${made++}.test`, `second${made++}.test`]) {
    expect((await update(member, handle)).status).toBe(200);
    const claimed = { alsoKnownAs: [`at://${handle}`] };
    expect(await identity(member.did)).toMatchObject({ handle, didDoc: claimed });
    expect(await identity(handle)).toMatchObject({ did: member.did, handle });
    const { body } = await xrpc("com.atproto.server.getSession", { auth: member.auth });
    expect(body).toMatchObject({ handle, didDoc: claimed });
  }
});

describe("a domain of a member's own", () => {
  test("stays the handle while it names the account, and for three days without an answer", async () => {
    const { member, domain } = await withDomain();
    await check(1);
    expect(await handleOf(member)).toBe(domain);
    domains[domain] = null;
    for (const day of [2, 3, 3.97]) {
      await check(day);
      expect(await handleOf(member)).toBe(domain);
    }
    expect(await resolve(domain)).toBe(member.did);
    await check(5);
    expect(await handleOf(member)).toBe("handle.invalid");
  });

  test("that no longer names the account leaves it with handle.invalid, everywhere", async () => {
    const { member, domain } = await withDomain();
    delete domains[domain];
    await check(1);
    expect(await handleOf(member)).toBe("handle.invalid");
    expect(await resolve(domain)).toBeUndefined();
    const { body } = await xrpc("com.atproto.repo.describeRepo", { params: { repo: member.did } });
    expect(body.handle).toBe("handle.invalid");
    const profile = await xrpc("app.bsky.actor.getProfile", { params: { actor: member.did } });
    expect(profile.body.handle).toBe("handle.invalid");
    // They sign in by e-mail address, and choose another name.
    const input = { identifier: member.email, password: member.password };
    expect((await xrpc("com.atproto.server.createSession", { input })).status).toBe(200);
    const other = `back${made++}.test`;
    expect((await update(member, other)).status).toBe(200);
    expect(await handleOf(member)).toBe(other);
  });

  test("comes back by itself when it names the account again", async () => {
    const { member, domain } = await withDomain();
    delete domains[domain];
    await check(1);
    expect(await handleOf(member)).toBe("handle.invalid");
    domains[domain] = member.did;
    await check(2);
    expect(await handleOf(member)).toBe(domain);
    expect(await resolve(domain)).toBe(member.did);
  });

  test("is looked up in a day, however many there are", async () => {
    const [count, before] = [120, Date.now() - 2 * DAY];
    const rows = Array.from({ length: count }, (_, i) => [
      `did:web:many${i}.example.com`,
      `many${i}.example.com`,
    ]);
    await bindings.DIRECTORY.prepare(
      `INSERT INTO account (did, handle, state, created_at, handle_checked_at, handle_confirmed_at)
        SELECT value ->> 0, value ->> 1, 'active', '2026-01-01', ?2, ?2 FROM json_each(?1)`,
    )
      .bind(JSON.stringify(rows), before)
      .run();
    for (const [did, handle] of rows) domains[handle ?? ""] = did ?? "";
    const unchecked = async () =>
      await bindings.DIRECTORY.prepare("SELECT count(*) AS n FROM account WHERE handle_checked_at = ?")
        .bind(before)
        .first<number>("n");
    const FIVE_MINUTES = 5 / (24 * 60);
    const left: (number | null)[] = [];
    for (let run = 0; run < 3; run++) {
      await check(run * FIVE_MINUTES);
      left.push(await unchecked());
    }
    expect(left).toEqual([70, 20, 0]);
    // 10,000 in a day, at that pace.
    expect((count - 20) / 2 / FIVE_MINUTES).toBeGreaterThan(10_000);
    await bindings.DIRECTORY.prepare("DELETE FROM account WHERE did LIKE 'did:web:many%'").run();
  });

  test("is looked up whatever becomes of another's", async () => {
    const [broken, other] = [await withDomain(), await withDomain()];
    delete domains[broken.domain];
    delete domains[other.domain];
    const getByName = bindings.ACCOUNT.getByName.bind(bindings.ACCOUNT);
    vi.spyOn(console, "error").mockImplementation(() => {});
    const found = vi.spyOn(bindings.ACCOUNT, "getByName").mockImplementation((name) => {
      if (name === broken.member.did) throw new Error("the object does not answer");
      return getByName(name);
    });
    await check(1);
    found.mockRestore();
    expect(await handleOf(other.member)).toBe("handle.invalid");
    const row = await bindings.DIRECTORY.prepare("SELECT handle_checked_at AS at FROM account WHERE did = ?")
      .bind(broken.member.did)
      .first<number>("at");
    expect(row).toBeGreaterThan(Date.now() + DAY / 2);
  });

  test("is looked up once a day", async () => {
    const { domain } = await withDomain();
    await check(1);
    const asked = () =>
      vi
        .mocked(fetch)
        .mock.calls.filter(
          ([input]) => new URL(input instanceof Request ? input.url : input).hostname === domain,
        ).length;
    const before = asked();
    await check(1.1);
    await check(1.5);
    expect(asked()).toBe(before);
    await check(2);
    expect(asked()).toBe(before + 1);
  });

  test("can lose two at once, and none of them keeps the other out", async () => {
    const [one, two] = [await withDomain(), await withDomain()];
    delete domains[one.domain];
    delete domains[two.domain];
    await check(1);
    expect([await handleOf(one.member), await handleOf(two.member)]).toEqual([
      "handle.invalid",
      "handle.invalid",
    ]);
  });

  test("goes to its rightful owner at once", async () => {
    const { member, domain } = await withDomain();
    const buyer = await join();
    expect((await update(buyer, domain)).status).toBe(400);
    domains[domain] = buyer.did;
    expect((await update(buyer, domain)).status).toBe(200);
    expect([await handleOf(buyer), await handleOf(member)]).toEqual([domain, "handle.invalid"]);
    expect(await resolve(domain)).toBe(buyer.did);
    // And not back to whom it does not name.
    expect((await update(member, domain)).status).toBe(400);
  });

  test("goes to its rightful owner who moves in with it", async () => {
    const { member, domain } = await withDomain();
    const newcomer = await outsider();
    domains[domain] = newcomer.did;
    const { status, body } = await xrpc("com.atproto.server.createAccount", {
      auth: newcomer.auth("com.atproto.server.createAccount"),
      input: { handle: domain, did: newcomer.did, email: `${made++}@example.com`, password: "abcdefgh1" },
    });
    expect([status, body.handle]).toEqual([200, domain]);
    expect(await handleOf(member)).toBe("handle.invalid");
  });

  test("is taken from nobody by whoever does not sign for the account that it names", async () => {
    const { member, domain } = await withDomain();
    const newcomer = await outsider();
    domains[domain] = newcomer.did;
    const { status } = await xrpc("com.atproto.server.createAccount", {
      input: { handle: domain, did: newcomer.did, email: `${made++}@example.com`, password: "abcdefgh1" },
    });
    expect(status).toBe(401);
    expect(await handleOf(member)).toBe(domain);
  });
});

test("a handle under the host's own domains is never looked up", async () => {
  const member = await join();
  await check(1);
  await check(3);
  expect(await handleOf(member)).toBe(member.handle);
});

describe("a name that is nobody's", () => {
  test.each(["pds.example.com", "example.org", "reef.example.org"])(
    "%s: the host's own, or its domain's",
    async (name) => {
      const directory = new Directory(bindings);
      const dids = new DidResolver(bindings, directory);
      const at = (hostname: string) =>
        new HandleResolver(
          bindings,
          directory,
          dids,
          [".example.com", ".example.org", ".reef.example.org"],
          Date.now,
          hostname,
        );
      const did = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
      domains[name] = did;
      expect((await refusalOf(at("pds.example.com").validate(name, { did }))).error).toBe(
        "HandleNotAvailable",
      );
      // The admin may give it to the community's own account.
      expect(
        await at("pds.example.com").validate(name, { did, allowReserved: true }).catch(String),
      ).not.toContain("Reserved");
    },
  );

  test("what owners reserve is kept from sign-up and change, until they release it", async () => {
    const member = await join();
    const reserve = (method: string, names: string[]) =>
      asAdmin(`internal.atoll.admin.${method}`, { input: { names } });
    expect((await reserve("reserveNames", ["Mayor", "town-hall", "mayor"])).status).toBe(200);
    expect((await update(member, "mayor.test")).body.error).toBe("HandleNotAvailable");
    const signUp = await xrpc("com.atproto.server.createAccount", {
      input: { handle: "town-hall.test", email: "hall@example.com", password: "abcdefgh1" },
    });
    expect(signUp.body.error).toBe("HandleNotAvailable");
    const { body } = await asAdmin("internal.atoll.admin.listReservedNames");
    expect(body.names).toMatchObject([
      { name: "mayor", reservedBy: "admin" },
      { name: "town-hall", reservedBy: "admin" },
    ]);
    // The admin gives it to whom it is meant for.
    const given = await asAdmin("com.atproto.admin.updateAccountHandle", {
      input: { did: member.did, handle: "mayor.test" },
    });
    expect(given.status).toBe(200);
    expect((await reserve("releaseNames", ["town-hall"])).status).toBe(200);
    expect((await update(await join(), "town-hall.test")).status).toBe(200);
    expect((await reserve("reserveNames", ["a.b"])).body.error).toBe("InvalidRequest");
  });
});

test("on the free plan a run looks a few up, and the next runs the others", async () => {
  const made: Awaited<ReturnType<typeof withDomain>>[] = [];
  for (let i = 0; i < 7; i++) made.push(await withDomain());
  const asked = vi.mocked(globalThis.fetch);
  const lookedUp = async () => {
    asked.mockClear();
    await checkHandles({ ...bindings, PUBLIC_URL: ORIGIN, PLAN: "free" }, () => Date.now() + 30 * DAY);
    await bindings.DIRECTORY.prepare("DELETE FROM host_task").run();
    const hosts = asked.mock.calls.map(
      ([input]) => new URL(input instanceof Request ? input.url : input).hostname,
    );
    return made.filter(({ domain }) => hosts.includes(domain)).length;
  };
  let seen = 0;
  for (let runs = 0; seen < 7; runs++) {
    expect(runs).toBeLessThan(50);
    const now = await lookedUp();
    expect(now).toBeLessThanOrEqual(5);
    seen += now;
  }
  expect(seen).toBe(7);
});
