import { P256_LEGACY, K256_LEGACY } from "../support/did-documents.ts";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  claimedHandle,
  parseDidDocument,
  pdsEndpoint,
  serviceEndpoint,
  verificationKey,
} from "../../src/identity/did-document.ts";
import { DidResolver, didWebUrl } from "../../src/identity/did.ts";
import { Directory } from "../../src/identity/directory.ts";
import { PlcClient } from "../../src/identity/plc/client.ts";
import { didKey } from "../../src/protocol/keys.ts";
import { bindings, newDid, newHandle, refusalOf, urlOf } from "../support/bindings.ts";

const HOUR = 3_600_000;
let now = Date.parse("2026-11-23T10:00:00.000Z");
const directory = new Directory(bindings, () => now);
const plc = new PlcClient(bindings, directory);
const dids = new DidResolver(bindings, directory, () => now);
const signingKey = didKey(new Uint8Array(32).fill(7));

afterEach(() => {
  vi.restoreAllMocks();
});

async function registered() {
  const handle = newHandle();
  const { did, operation } = await plc.createGenesis({
    signingKey,
    handle,
    pds: "https://pds.example.com",
  });
  await plc.submit(did, operation);
  return { did, handle };
}

describe("did:plc", () => {
  test("resolves to handle, key and PDS", async () => {
    const { did, handle } = await registered();
    const document = await dids.resolve(did);
    expect(claimedHandle(document)).toBe(handle);
    expect(await dids.pds(did)).toBe("https://pds.example.com");
    expect(await dids.service(did, "#atproto_pds")).toBe("https://pds.example.com");
    expect(await dids.service(did, "#bsky_appview")).toBeNull();
    expect(await dids.signingKey(did)).toBe(signingKey);
    expect(await dids.signingKey(did, "atproto_label")).toBeNull();
  });

  test("is cached for an hour, unless a fresh one is asked for", async () => {
    const { did, handle } = await registered();
    await dids.resolve(did);
    await plc.updateHandle(did, "changed.test");
    now += HOUR - 1_000;
    expect(claimedHandle(await dids.resolve(did))).toBe(handle);
    expect(claimedHandle(await dids.resolve(did, { fresh: true }))).toBe("changed.test");
    await plc.updateHandle(did, "again.test");
    expect(claimedHandle(await dids.resolve(did))).toBe("changed.test");
    now += HOUR + 1_000;
    expect(claimedHandle(await dids.resolve(did))).toBe("again.test");
  });

  test("lives on in the cache for a day when the directory is out of reach", async () => {
    const { did, handle } = await registered();
    await dids.resolve(did);
    const broken = { ...bindings, OUTSIDE: { fetch: () => Promise.reject(new Error("down")) } };
    const cutOff = new DidResolver(broken, directory, () => now);
    now += 23 * HOUR;
    expect(claimedHandle(await cutOff.resolve(did))).toBe(handle);
    expect((await refusalOf(cutOff.resolve(did, { fresh: true }))).error).toBe("UpstreamFailure");
    now += 2 * HOUR;
    expect((await refusalOf(cutOff.resolve(did))).error).toBe("UpstreamFailure");
    expect(await cutOff.find(did)).toBeNull();
    expect(await cutOff.signingKey(did)).toBeNull();
  });

  test("that is tombstoned is deactivated, and leaves the cache", async () => {
    const { did } = await registered();
    await dids.resolve(did);
    await plc.tombstone(did);
    expect((await refusalOf(dids.resolve(did, { fresh: true }))).error).toBe("DidDeactivated");
    expect((await refusalOf(dids.resolve(did))).error).toBe("DidDeactivated");
  });

  test("that was never registered is not found, and what is none is not asked for", async () => {
    expect((await refusalOf(dids.resolve(newDid()))).error).toBe("DidNotFound");
    const fetches = vi.spyOn(bindings.OUTSIDE ?? { fetch }, "fetch");
    for (const did of ["did:plc:short", "did:plc:../../export", "did:example:x"] as const) {
      expect((await refusalOf(dids.resolve(did))).error).toBe("DidNotFound");
    }
    expect(fetches).not.toHaveBeenCalled();
  });
});

describe("did:web", () => {
  test.each([
    ["did:web:example.com", "https://example.com/.well-known/did.json"],
    ["did:web:localhost%3A2583", "http://localhost:2583/.well-known/did.json"],
    ["did:web:localhost%3a2583", "http://localhost:2583/.well-known/did.json"],
    ["did:web:localhost", "http://localhost/.well-known/did.json"],
    ["did:web:localhost.example.com", "https://localhost.example.com/.well-known/did.json"],
    ["did:web:example.com:path", null],
    ["did:web:example.com%2Fpath", null],
    ["did:web:user%40example.com", null],
    ["did:web:example.com%3A2583%3A1", null],
    ["did:web:", null],
  ])("%s is kept at %s", (did, url) => {
    expect(didWebUrl(did)?.href ?? null).toBe(url);
  });

  const serving = (documents: Record<string, unknown>) =>
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      const found = documents[urlOf(input)];
      return found === undefined ? new Response("", { status: 404 }) : Response.json(found);
    });

  test("resolves by https, with its own id only", async () => {
    serving({
      "https://web1.example.com/.well-known/did.json": {
        id: "did:web:web1.example.com",
        service: [
          {
            id: "did:web:web1.example.com#bsky_appview",
            type: "BskyAppView",
            serviceEndpoint: "https://web1.example.com",
          },
        ],
      },
      "https://web2.example.com/.well-known/did.json": { id: "did:web:web1.example.com" },
      "https://web3.example.com/.well-known/did.json": ["nothing"],
    });
    expect(await dids.service("did:web:web1.example.com", "#bsky_appview")).toBe("https://web1.example.com");
    for (const host of ["web2", "web3", "web4"]) {
      const did = `did:web:${host}.example.com` as const;
      expect((await refusalOf(dids.resolve(did))).error).toBe("DidNotFound");
    }
  });

  test("reaches loopback in a local run only", async () => {
    const asked = serving({
      "http://localhost:4711/.well-known/did.json": { id: "did:web:localhost%3A4711" },
    });
    const deployed = new DidResolver({ ...bindings, LOCAL: "" }, directory, () => now);
    expect((await refusalOf(deployed.resolve("did:web:localhost%3A4711"))).error).toBe("DidNotFound");
    expect((await refusalOf(deployed.resolve("did:web:169.254.169.254"))).error).toBe("DidNotFound");
    expect((await refusalOf(dids.resolve("did:web:example.com%3A8443"))).error).toBe("DidNotFound");
    expect(asked).not.toHaveBeenCalled();
    expect((await dids.resolve("did:web:localhost%3A4711")).id).toBe("did:web:localhost%3A4711");
  });

  test("a failing host is no answer", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response("", { status: 500 }));
    expect((await refusalOf(dids.resolve("did:web:down.example.com"))).error).toBe("UpstreamFailure");
  });
});

describe("documents", () => {
  const did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
  const read = (fields: object) => {
    const document = parseDidDocument(did, { id: did, ...fields });
    if (document === null) throw new Error("not a document");
    return document;
  };
  const method = (fields: object) => read({ verificationMethod: [{ id: "#atproto", ...fields }] });

  test("are of one DID only", () => {
    for (const value of [null, [], "x", {}, { id: "did:plc:other" }]) {
      expect(parseDidDocument(did, value)).toBeNull();
    }
  });

  test.each([K256_LEGACY, P256_LEGACY])(
    "the key of a $type is its did:key",
    ({ type, forms, didKey: key }) => {
      for (const publicKeyMultibase of forms) {
        expect(verificationKey(method({ type, publicKeyMultibase }), "atproto")).toBe(key);
      }
      const publicKeyMultibase = key.replace("did:key:", "");
      expect(verificationKey(method({ type: "Multikey", publicKeyMultibase }), "atproto")).toBe(key);
    },
  );

  test("keys of no known form are none", () => {
    for (const fields of [
      {},
      { type: "Multikey" },
      { type: "Multikey", publicKeyMultibase: 7 },
      { type: "Multikey", publicKeyMultibase: "z" },
      { type: "Multikey", publicKeyMultibase: "z0OIl" },
      { type: "Multikey", publicKeyMultibase: "mAAAA" },
      { type: "JsonWebKey2020", publicKeyMultibase: "zQ3sh" },
      { type: "EcdsaSecp256k1VerificationKey2019", publicKeyMultibase: "z2222" },
      // Ed25519, no point on its curve, and one that would take seconds to read.
      { type: "Multikey", publicKeyMultibase: "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK" },
      { type: "Multikey", publicKeyMultibase: "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBmf" },
      { type: "Multikey", publicKeyMultibase: `z${"2".repeat(1_000_000)}` },
      { type: "EcdsaSecp256k1VerificationKey2019", publicKeyMultibase: `z${"2".repeat(1_000_000)}` },
    ]) {
      expect(verificationKey(method(fields), "atproto")).toBeNull();
    }
    expect(verificationKey(read({ verificationMethod: "x" }), "atproto")).toBeNull();
    expect(verificationKey(read({ verificationMethod: [null, 7, []] }), "atproto")).toBeNull();
  });

  test("a handle is the first at:// alias, if it is one", () => {
    expect(claimedHandle(read({ alsoKnownAs: ["https://x", "at://Alice.Example.com", "at://b.test"] }))).toBe(
      "alice.example.com",
    );
    for (const alsoKnownAs of [undefined, [], "at://a.test", [7], ["at://"], ["at://no_handle"]]) {
      expect(claimedHandle(read({ alsoKnownAs }))).toBeNull();
    }
  });

  test("a service has an id, a type if asked, and a web address", () => {
    const service = (fields: object) =>
      read({ service: [{ id: "#atproto_pds", type: "AtprotoPersonalDataServer", ...fields }] });
    expect(pdsEndpoint(service({ serviceEndpoint: "https://pds.example.com" }))).toBe(
      "https://pds.example.com",
    );
    expect(pdsEndpoint(service({ serviceEndpoint: "https://x.example.com", type: "Other" }))).toBeNull();
    expect(serviceEndpoint(service({ serviceEndpoint: "https://x.example.com" }), "#other")).toBeNull();
    for (const serviceEndpoint of [undefined, 7, "pds.example.com", "ftp://x", "javascript:0"]) {
      expect(pdsEndpoint(service({ serviceEndpoint }))).toBeNull();
    }
  });
});
