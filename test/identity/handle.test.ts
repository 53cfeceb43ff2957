import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DidResolver } from "../../src/identity/did.ts";
import { Directory } from "../../src/identity/directory.ts";
import { checkServiceHandle, HandleResolver, normalizeHandle } from "../../src/identity/handle.ts";
import { PlcClient } from "../../src/identity/plc/client.ts";
import { didKey } from "../../src/protocol/keys.ts";
import { bindings, newDid, newHandle, refusalOf, urlOf } from "../support/bindings.ts";

const MINUTE = 60_000;
let now = Date.parse("2026-11-23T10:00:00.000Z");
const directory = new Directory(bindings, () => now);
const dids = new DidResolver(bindings, directory, () => now);
const handles = new HandleResolver(bindings, directory, dids, [".test", ".pds.example.com"], () => now);
const plc = new PlcClient(bindings, directory);

/** The network's answers: TXT records and well-known files by handle. null means unreachable. */
let dns: Record<string, string[] | null> = {};
let files: Record<string, string | null> = {};
let asked: string[] = [];

beforeEach(() => {
  [dns, files, asked] = [{}, {}, []];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const url = new URL(urlOf(input));
    asked.push(url.hostname);
    if (url.hostname === "cloudflare-dns.com") {
      const records = dns[url.searchParams.get("name")?.replace("_atproto.", "") ?? ""];
      if (records === null) throw new TypeError("unreachable");
      return Response.json({ Status: 0, Answer: records?.map((data) => ({ type: 16, data })) });
    }
    const text = files[url.hostname];
    if (text === null) throw new TypeError("unreachable");
    return text === undefined ? new Response("", { status: 404 }) : new Response(text);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function member(handle = newHandle() as `${string}.${string}`) {
  const { did, operation } = await plc.createGenesis({
    signingKey: didKey(new Uint8Array(32).fill(7)),
    handle,
    pds: "https://pds.example.com",
  });
  await plc.submit(did, operation);
  await directory.changes.admit(await directory.changes.reserve("create", { did, handle }), "active");
  return { did, handle };
}

test("the host's own name is given out by an admin alone, and nobody else is asked", async () => {
  const own = new HandleResolver(
    bindings,
    directory,
    dids,
    [".atoll.maker.workers.dev"],
    () => now,
    "atoll.maker.workers.dev",
  );
  const refused = await refusalOf(own.validate("atoll.maker.workers.dev"));
  expect([refused.error, refused.message]).toEqual(["HandleNotAvailable", "Reserved handle"]);
  const given = await own.validate("Atoll.maker.workers.dev", { allowReserved: true });
  expect(given).toBe("atoll.maker.workers.dev");
  expect(asked).toEqual([]);
});

describe("rules", () => {
  test.each([
    ["Alice.Example.COM", "alice.example.com"],
    ["xn--bcher-kva.test", "xn--bcher-kva.test"],
  ])("%s is %s", (handle, normalized) => {
    expect(normalizeHandle(handle)).toBe(normalized);
  });

  test.each([
    "alice",
    "alice.",
    ".alice.test",
    "al_ice.test",
    "alice..test",
    "-alice.test",
    "alice.123",
    "@alice.test",
    "alice.local",
    "alice.arpa",
    "alice.invalid",
    "alice.localhost",
    "alice.internal",
    "alice.example",
    "alice.alt",
    "alice.onion",
    `${"a".repeat(64)}.test`,
    `${"a.".repeat(130)}test`,
  ])("%s is no handle that an account may have", async (handle) => {
    expect((await refusalOf(handles.validate(handle))).error).toBe("InvalidHandle");
  });

  test.each([
    ["bob.test", null, null],
    ["bob-2.test", null, null],
    ["abcdefghijklmnopqr.test", null, null],
    ["ab.test", "InvalidHandle", "Handle too short"],
    ["abcdefghijklmnopqrs.test", "InvalidHandle", "Handle too long"],
    ["a.bcd.test", "InvalidHandle", "Invalid characters in handle"],
    ["admin.test", "HandleNotAvailable", "Reserved handle"],
    ["www.test", "HandleNotAvailable", "Reserved handle"],
    ["pds.test", "HandleNotAvailable", "Reserved handle"],
    ["support.test", "HandleNotAvailable", "Reserved handle"],
  ] as const)("%s below .test: %s", (handle, error, message) => {
    const check = () => {
      checkServiceHandle(handle, ".test");
    };
    if (error === null) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ error, message }));
  });

  test("an admin may give out reserved names, but no others that break the rules", async () => {
    expect(await handles.validate("admin.test", { allowReserved: true })).toBe("admin.test");
    expect((await refusalOf(handles.validate("ad.test", { allowReserved: true }))).error).toBe(
      "InvalidHandle",
    );
  });

  test("newcomers take the host's own domains only, members any that points to them", async () => {
    expect(await handles.validate("Bob.Pds.Example.Com")).toBe("bob.pds.example.com");
    expect(await refusalOf(handles.validate("bob.example.org"))).toEqual({
      error: "UnsupportedDomain",
      message: "Not a supported handle domain",
    });
    const did = newDid();
    expect(await refusalOf(handles.validate("bob.example.org", { did }))).toEqual({
      error: "InvalidRequest",
      message: "External handle did not resolve to DID",
    });
    files["bob.example.org"] = did;
    expect(await handles.validate("BOB.example.org", { did })).toBe("bob.example.org");
    expect((await refusalOf(handles.validate("bob.example.org", { did: newDid() }))).error).toBe(
      "InvalidRequest",
    );
  });
});

describe("resolution", () => {
  test("members are found without asking anyone, switched off or not, but not when taken down", async () => {
    const { did, handle } = await member();
    expect(await handles.resolve(handle.toUpperCase())).toBe(did);
    await directory.changes.deactivate(did);
    expect(await handles.resolve(handle)).toBe(did);
    for (const takedown of ["takendown", "suspended"] as const) {
      await directory.changes.setTakedown(did, takedown);
      expect(await refusalOf(handles.resolve(handle))).toEqual({
        error: "HandleNotFound",
        message: "Unable to resolve handle",
      });
    }
    await directory.changes.setTakedown(did, null);
    await directory.changes.markDeleted(did);
    expect(await handles.find(handle)).toBeNull();
    expect(asked).toEqual([]);
  });

  test("a reservation that is no account yet does not resolve", async () => {
    const [did, handle] = [newDid(), newHandle() as `${string}.${string}`];
    await directory.changes.reserve("create", { did, handle });
    expect(await handles.find(handle)).toBeNull();
  });

  test("a domain of a member who is switched off says itself whose it is", async () => {
    const handle = `${newHandle().replace(".test", "")}.example.org` as const;
    const { did } = await member(handle);
    await directory.changes.deactivate(did);
    const heir = newDid();
    files[handle] = heir;
    expect(await handles.resolve(handle)).toBe(heir);
  });

  test("below the host's domains nobody else is asked", async () => {
    for (const handle of ["nobody.test", "pds.example.com", "x.pds.example.com"]) {
      expect(await handles.find(handle)).toBeNull();
    }
    expect(asked).toEqual([]);
  });

  test("DNS counts before the well-known file, and either alone will do", async () => {
    const [one, two] = [newDid(), newDid()];
    dns["both.example.org"] = [`"did=${one}"`];
    files["both.example.org"] = two;
    dns["dns.example.org"] = ['"v=spf1"', `"did=${one.slice(0, 10)}" "${one.slice(10)}"`];
    files["file.example.org"] = `${two}\n`;
    expect(await handles.resolve("both.example.org")).toBe(one);
    expect(await handles.resolve("dns.example.org")).toBe(one);
    expect(await handles.resolve("file.example.org")).toBe(two);
  });

  test("two DIDs in DNS, or no DID in the file, are none", async () => {
    dns["two.example.org"] = [`"did=${newDid()}"`, `"did=${newDid()}"`];
    dns["same.example.org"] = ['"did=did:web:a.example.org"', '"did=did:web:a.example.org"'];
    files["html.example.org"] = "<!doctype html>";
    files["long.example.org"] = `did:plc:${"a".repeat(10_000)}`;
    expect(await handles.find("two.example.org")).toBeNull();
    expect(await handles.find("same.example.org")).toBe("did:web:a.example.org");
    expect(await handles.find("html.example.org")).toBeNull();
    expect(await handles.find("long.example.org")).toBeNull();
    expect(await handles.find("not a handle")).toBeNull();
  });

  test("an answer is good for ten minutes, and for an hour when no one answers", async () => {
    const [one, two] = [newDid(), newDid()];
    files["moves.example.org"] = one;
    await handles.resolve("moves.example.org");
    files["moves.example.org"] = two;
    now += 9 * MINUTE;
    expect(await handles.resolve("moves.example.org")).toBe(one);
    expect(await handles.resolve("moves.example.org", { fresh: true })).toBe(two);
    dns["moves.example.org"] = null;
    files["moves.example.org"] = null;
    now += 50 * MINUTE;
    expect(await handles.resolve("moves.example.org")).toBe(two);
    now += 11 * MINUTE;
    expect(await handles.find("moves.example.org")).toBeNull();
  });

  test("a handle that points nowhere any more leaves the cache", async () => {
    files["gone.example.org"] = newDid();
    await handles.resolve("gone.example.org");
    delete files["gone.example.org"];
    now += 11 * MINUTE;
    expect(await handles.find("gone.example.org")).toBeNull();
    dns["gone.example.org"] = null;
    files["gone.example.org"] = null;
    expect(await handles.find("gone.example.org")).toBeNull();
  });
});

describe("identity", () => {
  test("a member's is verified both ways", async () => {
    const { did, handle } = await member();
    const byHandle = await handles.resolveIdentity(handle.toUpperCase());
    expect(byHandle).toMatchObject({ did, handle, didDoc: { id: did } });
    expect(await handles.resolveIdentity(did)).toEqual(byHandle);
  });

  test("a handle that only one side claims is invalid", async () => {
    const { did, handle } = await member();
    files["claims.example.org"] = did;
    expect(await handles.resolveIdentity("claims.example.org")).toMatchObject({
      did,
      handle: "handle.invalid",
    });
    await plc.updateHandle(did, "elsewhere.example.org");
    expect(await handles.resolveIdentity(did, { fresh: true })).toMatchObject({
      did,
      handle: "handle.invalid",
      didDoc: { alsoKnownAs: ["at://elsewhere.example.org"] },
    });
    expect((await handles.resolveIdentity(handle)).handle).toBe("handle.invalid");
  });

  test("what does not resolve is refused by name", async () => {
    expect((await refusalOf(handles.resolveIdentity("nobody.test"))).error).toBe("HandleNotFound");
    expect((await refusalOf(handles.resolveIdentity(newDid()))).error).toBe("DidNotFound");
  });
});
