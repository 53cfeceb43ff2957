/** What strangers can make the directory keep of identities: little each, and no more than so many. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { essentialDocument } from "../../src/identity/did-document.ts";
import { DidResolver } from "../../src/identity/did.ts";
import { Directory } from "../../src/identity/directory.ts";
import { Allowances, STRANGER_SLOTS, slotOf } from "../../src/identity/allowances.ts";
import { HostTasks } from "../../src/identity/host-tasks.ts";
import { CACHE_SLOTS, IdentityCache } from "../../src/identity/identity-cache.ts";
import { MailCodes } from "../../src/identity/mail/codes.ts";
import { RESERVED_MAX, ReservedKeys } from "../../src/identity/reserved-keys.ts";
import { sweep } from "../../src/lifecycle/sweep.ts";
import { bindings, newDid, newHandle, refusalOf } from "../support/bindings.ts";

const database = bindings.DIRECTORY;
const NOW = Date.UTC(2026, 10, 30);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const count = async (table: string, where = "1") =>
  (await database.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`).first<number>("n")) ?? 0;

type WebDid = `did:web:${string}`;

const KEY = "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme";

function documentOf(did: WebDid, further: object = {}) {
  return {
    "@context": ["https://www.w3.org/ns/did/v1"],
    id: did,
    alsoKnownAs: ["at://somebody.example.com"],
    verificationMethod: [
      { id: `${did}#atproto`, type: "Multikey", controller: did, publicKeyMultibase: KEY },
    ],
    service: [
      { id: "#atproto_pds", type: "AtprotoPersonalDataServer", serviceEndpoint: "https://pds.example.com" },
    ],
    ...further,
  };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("of a DID document", () => {
  test("a usual one is kept whole", () => {
    const document = documentOf("did:web:usual.example.com");
    expect(essentialDocument(document)).toEqual(document);
  });

  test("what nobody reads is left out: other fields, long texts, the ninth of a kind", () => {
    const did = "did:web:long.example.com";
    const service = documentOf(did).service[0] ?? {};
    const kept = essentialDocument(
      documentOf(did, {
        note: "x".repeat(100_000),
        alsoKnownAs: [
          "at://a.example.com",
          7,
          "at://" + "b".repeat(600),
          ...Array(20).fill("at://c.example.com"),
        ],
        service: [
          { ...service, more: "x".repeat(9_000) },
          { ...service, serviceEndpoint: { uri: "x" } },
        ],
      }),
    );
    expect(kept).toMatchObject({ id: did, service: [service] });
    expect(kept?.["alsoKnownAs"]).toHaveLength(8);
    expect(kept?.["alsoKnownAs"]).toEqual(["at://a.example.com", ...Array(7).fill("at://c.example.com")]);
    expect(kept).not.toHaveProperty("note");
  });

  test("one that is still too long serves the request, and is not kept", async () => {
    const did = "did:web:huge.example.com";
    const many = Array.from({ length: 8 }, (_, i) => ({
      id: `#${i}${"x".repeat(400)}`,
      type: "x".repeat(400),
      serviceEndpoint: `https://pds.example.com/${"x".repeat(400)}`,
    }));
    vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
      Response.json(documentOf(did, { service: many })),
    );
    const dids = new DidResolver(bindings, new Directory(bindings));
    expect(await dids.signingKey(did)).toBe(`did:key:${KEY}`);
    expect(await count("did_cache", `did = '${did}'`)).toBe(0);
  });

  test("one of a hundred kilobytes is not even read to its end", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
      Response.json(documentOf("did:web:endless.example.com", { note: "x".repeat(100_000) })),
    );
    const dids = new DidResolver(bindings, new Directory(bindings));
    expect((await refusalOf(dids.resolve("did:web:endless.example.com"))).error).toBe("UpstreamFailure");
  });
});

describe("the caches", () => {
  beforeEach(() =>
    database.batch(["did_cache", "handle_cache"].map((table) => database.prepare(`DELETE FROM ${table}`))),
  );

  test("have slots, beyond which the tables cannot grow", async () => {
    for (const table of ["did_cache", "handle_cache"]) {
      for (const slot of [-1, CACHE_SLOTS]) {
        const insert = database.prepare(`INSERT INTO ${table} VALUES (?1, 'a', 'b', 0)`).bind(slot);
        await expect(insert.run()).rejects.toThrow("CHECK constraint failed");
      }
    }
  });

  test("give a slot to the newest of those that share it, and never one's entry to another", async () => {
    const cache = new IdentityCache(bindings.DIRECTORY, () => NOW);
    const [first, second] = await twoOfOneSlot(cache);
    // Memory knows both; another isolate reads the table.
    const other = new IdentityCache(elsewhere(), () => NOW);
    expect(await other.handle(first)).toBeNull();
    expect((await other.handle(second))?.value).toBe("did:web:b.example.com");
    // Removing the one that lost its slot leaves the winner's alone.
    await cache.setHandle(first, null);
    expect((await new IdentityCache(elsewhere(), () => NOW).handle(second))?.value).toBe(
      "did:web:b.example.com",
    );
  });

  test("forget what is too old to be used", async () => {
    const [old, young] = [
      new IdentityCache(database, () => NOW - 25 * HOUR),
      new IdentityCache(database, () => NOW),
    ];
    await old.setDocument("did:web:old.example.com", documentOf("did:web:old.example.com"));
    await old.setHandle("old.example.com", "did:web:old.example.com");
    await young.setDocument("did:web:new.example.com", documentOf("did:web:new.example.com"));
    await young.setHandle("new.example.com", "did:web:new.example.com");
    await young.sweep();
    expect([await count("did_cache"), await count("handle_cache")]).toEqual([1, 1]);
  });
});

/** A database that no isolate's memory belongs to. */
const elsewhere = (): D1Database => new Proxy(database, { get: (target, name) => bound(target, name) });
function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === "function" ? value.bind(target) : value;
}

/** Stores handles until two have met in one slot; gives the loser and the winner. */
async function twoOfOneSlot(cache: IdentityCache): Promise<[string, string]> {
  for (let i = 0; i < 2_000; i += 50) {
    const names = Array.from({ length: 50 }, (_, j) => `h${i + j}.example.com`);
    for (const name of names) await cache.setHandle(name, "did:web:a.example.com");
    const { results } = await database.prepare("SELECT handle FROM handle_cache").all<{ handle: string }>();
    const left = new Set(results.map(({ handle }) => handle));
    const lost = Array.from({ length: i + 50 }, (_, j) => `h${j}.example.com`).find(
      (name) => !left.has(name),
    );
    if (lost === undefined) continue;
    // The one that took the slot leaves it when the loser comes back.
    await cache.setHandle(lost, "did:web:a.example.com");
    const after = await database.prepare("SELECT handle FROM handle_cache").all<{ handle: string }>();
    const now = new Set(after.results.map(({ handle }) => handle));
    const winner = [...left].find((name) => !now.has(name)) ?? "";
    await cache.setHandle(winner, "did:web:b.example.com");
    return [lost, winner];
  }
  throw new Error("no two of two thousand met");
}

test("keys are reserved for anybody, the newest five thousand, for a week", async () => {
  await database.prepare("DELETE FROM reserved_key").run();
  await database
    .prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO reserved_key (key_did, private_key, created_at) SELECT 'did:key:' || i, 'x', ?2 FROM n`,
    )
    .bind(RESERVED_MAX, new Date(NOW - DAY).toISOString())
    .run();
  const keys = new ReservedKeys(database, () => NOW);
  const did = newDid();
  const key = await keys.reserve(did);
  expect(await keys.reserve(did)).toBe(key);
  await keys.reserve();
  expect(await count("reserved_key")).toBe(RESERVED_MAX);
  expect(await keys.find(did)).not.toBeNull();
  await new ReservedKeys(database, () => NOW + 6.5 * DAY).sweep();
  expect(await count("reserved_key")).toBe(2);
  await new ReservedKeys(database, () => NOW + 7 * DAY + 1).sweep();
  expect(await count("reserved_key")).toBe(0);
});

describe("counters of strangers", () => {
  test("have so many names, whatever they are called", () => {
    const names = Array.from({ length: 500 }, (_, i) => slotOf("secret", "address", `2001:db8:${i}:0`));
    for (const name of names) {
      const slot = /^address (\d+)$/.exec(name)?.[1];
      expect(Number(slot)).toBeLessThan(STRANGER_SLOTS);
    }
    expect(new Set(names).size).toBeGreaterThan(490);
  });

  test("fall elsewhere on another host, and for another group", () => {
    expect(slotOf("one", "address", "192.0.2.1")).toBe(slotOf("one", "address", "192.0.2.1"));
    expect(slotOf("one", "address", "192.0.2.1")).not.toBe(slotOf("two", "address", "192.0.2.1"));
    expect(slotOf("one", "address", "x").slice(8)).not.toBe(slotOf("one", "outsider", "x").slice(9));
  });

  test("are looked at without being used, and swept when their windows are over", async () => {
    await database.prepare("DELETE FROM allowance").run();
    let now = NOW;
    const allowances = new Allowances(database, () => now);
    const [short, long] = [
      { windowMs: HOUR, points: 2 },
      { windowMs: DAY, points: 3 },
    ] as const;
    const use = async () => (await allowances.consume("address 1", "x", short, long)).allowed;
    const look = async () => (await allowances.look("address 1", "x", short, long)).allowed;
    expect([await look(), await use(), await look(), await use(), await look()]).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    now += HOUR;
    expect([await look(), await use(), await look()]).toEqual([true, true, false]);
    now += DAY - HOUR - 1;
    await allowances.sweep();
    expect(await count("allowance")).toBe(1);
    now += 2 * HOUR;
    expect(await look()).toBe(true);
    await allowances.sweep();
    expect(await count("allowance")).toBe(0);
  });
});

test("a task begins once in its interval, of two that ask at the same moment too", async () => {
  let now = NOW;
  const tasks = new HostTasks(database, () => now);
  const begin = () => tasks.begin("check handles", HOUR);
  const both = await Promise.all([begin(), begin()]);
  expect(both.toSorted()).toEqual([false, true]);
  expect(await tasks.begunAt("check handles")).toBe(NOW);
  now += HOUR - 1;
  expect(await begin()).toBe(false);
  now += 1;
  expect(await begin()).toBe(true);
});

test("the schedule sweeps once an hour and once a day, however often it runs", async () => {
  await database.prepare("DELETE FROM host_task").run();
  const key = (at: number) => new ReservedKeys(database, () => at).reserve();
  await key(NOW - 8 * DAY);
  await sweep(database, () => NOW);
  expect(await count("reserved_key")).toBe(0);
  await key(NOW - 8 * DAY);
  await sweep(database, () => NOW + 23 * HOUR);
  expect(await count("reserved_key")).toBe(1);
  await sweep(database, () => NOW + DAY);
  expect(await count("reserved_key")).toBe(0);
});

test("a sweep that fails keeps no other waiting", async () => {
  await database.prepare("DELETE FROM host_task").run();
  await new ReservedKeys(database, () => NOW - 8 * DAY).reserve();
  vi.spyOn(console, "error").mockImplementation(() => {});
  const batch = vi.spyOn(database, "batch").mockRejectedValue(new Error("D1_ERROR: too much at once"));
  await sweep(database, () => NOW);
  expect(batch.mock.calls.length).toBeGreaterThan(1);
  vi.restoreAllMocks();
  expect(await count("reserved_key")).toBe(0);
});

describe("mail that could not be sent", () => {
  const codes = new MailCodes(database, () => NOW);
  const mail = { subject: "s", text: "t" };

  async function member() {
    const did = newDid();
    const directory = new Directory(bindings);
    const wanted = { did, handle: newHandle(), email: `${did}@example.com` };
    await directory.changes.admit(await directory.changes.reserve("create", wanted), "active");
    return { did, directory };
  }

  test("goes with its account, and comes back for none", async () => {
    const { did, directory } = await member();
    await codes.keepUnsent(did, "reset_password", mail);
    await codes.own("ABCDE-FGHIJ", did);
    expect(await codes.unsent(did)).toHaveLength(1);
    await directory.changes.markDeleted(did);
    await directory.changes.remove(did);
    expect(await codes.unsent(did)).toEqual([]);
    expect(await codes.ownerOf("ABCDE-FGHIJ")).toBeNull();
    await codes.keepUnsent(did, "reset_password", mail);
    expect(await count("unsent_mail", `did = '${did}'`)).toBe(0);
  });

  test("is swept when nobody may read it any more", async () => {
    const { did } = await member();
    await codes.keepUnsent(did, "confirm_email", mail);
    await new MailCodes(database, () => NOW + HOUR).sweep();
    expect(await count("unsent_mail", `did = '${did}'`)).toBe(1);
    await new MailCodes(database, () => NOW + HOUR + 1).sweep();
    expect(await count("unsent_mail", `did = '${did}'`)).toBe(0);
  });
});
