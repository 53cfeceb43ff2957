/** Tests the local directory with operations that `@did-plc/lib` makes, on an object's real SQLite. */
import { P256Keypair, Secp256k1Keypair } from "@atproto/crypto";
import * as plc from "@did-plc/lib";
import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { CID } from "multiformats/cid";
import { beforeAll, describe, expect, test } from "vitest";
import { PlcDirectory } from "../../tools/dev/outside/plc-directory.ts";

const HOUR = 3_600_000;
const start = Date.parse("2026-11-23T10:00:00.000Z");

let now = start;
const recovery = await Secp256k1Keypair.create();
const rotation = await P256Keypair.create();
const stranger = await Secp256k1Keypair.create();
const signing = await P256Keypair.create();

/** Sends one request to a directory that lives in this file's own object. */
async function ask(
  path: string,
  init?: RequestInit,
): Promise<{ status: number; text: string; type: string }> {
  const objects: DurableObjectNamespace = Reflect.get(env, "ACCOUNT");
  return runInDurableObject(objects.getByName("plc-directory"), async (_, state) => {
    const directory = new PlcDirectory(state.storage.sql, () => now);
    const response = await directory.fetch(new Request(`http://plc.local${path}`, init));
    const type = response.headers.get("content-type") ?? "";
    const text = new TextDecoder().decode(await response.arrayBuffer());
    return { status: response.status, text, type };
  });
}
const get = async (path: string) => JSON.parse((await ask(path)).text);
const post = (did: string, body: unknown) =>
  ask(`/${encodeURIComponent(did)}`, { method: "POST", body: JSON.stringify(body) });
const message = async (did: string, body: unknown) => {
  const { status, text } = await post(did, body);
  expect(status).toBe(400);
  return JSON.parse(text).message;
};

let handles = 0;
async function genesis() {
  const { op, did } = await plc.createOp({
    signingKey: signing.did(),
    rotationKeys: [recovery.did(), rotation.did()],
    handle: `user-${handles++}.test`,
    pds: "https://pds.example.com",
    signer: rotation,
  });
  return { op, did };
}
async function registered() {
  const made = await genesis();
  expect(await post(made.did, made.op)).toMatchObject({ status: 200 });
  return made;
}
async function cidOf(op: plc.CompatibleOpOrTombstone) {
  return (await plc.getLastOpWithCid([op])).cid;
}

beforeAll(() => {
  now = start;
});

describe("registering", () => {
  test("a genesis operation makes a DID that resolves to a Multikey document", async () => {
    const { did, op } = await registered();
    const answer = await ask(`/${did}`);
    expect(answer.type).toBe("application/did+ld+json");
    expect(JSON.parse(answer.text)).toEqual({
      "@context": [
        "https://www.w3.org/ns/did/v1",
        "https://w3id.org/security/multikey/v1",
        "https://w3id.org/security/suites/ecdsa-2019/v1",
      ],
      id: did,
      alsoKnownAs: op.alsoKnownAs,
      verificationMethod: [
        {
          id: `${did}#atproto`,
          type: "Multikey",
          controller: did,
          publicKeyMultibase: signing.did().replace("did:key:", ""),
        },
      ],
      service: [
        {
          id: "#atproto_pds",
          type: "AtprotoPersonalDataServer",
          serviceEndpoint: "https://pds.example.com",
        },
      ],
    });
    expect(await get(`/${did}/data`)).toEqual(plc.opToData(did, op));
    expect(await get(`/${did}/log/last`)).toEqual(op);
  });

  test("an operation of another DID is refused, and leaves nothing behind", async () => {
    const [one, two] = [await genesis(), await genesis()];
    expect(await message(one.did, two.op)).toBe(
      `Hash of genesis operation does not match DID identifier: ${two.did}`,
    );
    expect((await ask(`/${one.did}`)).status).toBe(404);
  });

  test("a genesis operation is taken once", async () => {
    const { did, op } = await registered();
    expect(await message(did, op)).toBe("Operations not correctly ordered");
  });

  test("a genesis operation signed by a stranger is refused", async () => {
    const { op } = await genesis();
    const { sig: _, ...unsigned } = op;
    const forged = await plc.signOperation(unsigned, stranger);
    expect(await message(await plc.didForCreateOp(forged), forged)).toBe("Invalid signature on op");
  });
});

describe("updating", () => {
  test("the newest operation counts, and the log keeps all of them", async () => {
    const { did, op } = await registered();
    const renamed = await plc.updateHandleOp(op, rotation, "renamed.test");
    const moved = await plc.updatePdsOp(renamed, recovery, "https://elsewhere.example.com");
    await post(did, renamed);
    await post(did, moved);
    const log = await get(`/${did}/log`);
    expect(log).toEqual([op, renamed, moved]);
    expect(await plc.validateOperationLog(did, log)).toEqual(await get(`/${did}/data`));
    expect((await get(`/${did}`)).alsoKnownAs).toEqual(["at://renamed.test"]);
  });

  test("an operation that does not stand on the log is refused", async () => {
    const { did, op } = await registered();
    const unknown = await plc.updateHandleOp({ ...op, alsoKnownAs: [] }, rotation, "x.test");
    expect(await message(did, unknown)).toBe("Operations not correctly ordered");
    const without = { ...(await plc.updateHandleOp(op, rotation, "x.test")), prev: null };
    expect(await message(did, without)).toBe("Operations not correctly ordered");
  });

  test("keys that were rotated out may sign no longer", async () => {
    const { did, op } = await registered();
    const rotated = await plc.updateRotationKeysOp(op, recovery, [recovery.did()]);
    await post(did, rotated);
    const late = await plc.updateHandleOp(rotated, rotation, "x.test");
    expect(await message(did, late)).toBe("Invalid signature on op");
    expect(await message(did, await plc.updateHandleOp(rotated, stranger, "x.test"))).toBe(
      "Invalid signature on op",
    );
  });

  test("a signature has one spelling", async () => {
    const { did, op } = await registered();
    const update = await plc.updateHandleOp(op, recovery, "spelled.test");
    const last = update.sig.at(-1) ?? "";
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const padded = alphabet[alphabet.indexOf(last) + 1];
    const spellings = [`${update.sig}==`, `${update.sig}\n`, `${update.sig.slice(0, -1)}${padded}`, "", "AA"];
    for (const sig of [...spellings, highS(update.sig)]) {
      expect(await message(did, { ...update, sig })).toBe("Invalid signature on op");
    }
    expect((await post(did, update)).status).toBe(200);
  });
});

/** The same signature with s replaced by n - s, as base64url. */
function highS(sig: string): string {
  const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const bytes = Uint8Array.from(atob(sig.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const hex = [...bytes.subarray(32)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const high = (n - BigInt(`0x${hex}`)).toString(16).padStart(64, "0");
  for (let index = 0; index < 32; index++) {
    bytes[32 + index] = Number.parseInt(high.slice(index * 2, index * 2 + 2), 16);
  }
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

describe("recovering", () => {
  test("a higher key undoes what a lower one signed, within 72 hours", async () => {
    const { did, op } = await registered();
    const theft = await plc.updateRotationKeysOp(op, rotation, [rotation.did()]);
    await post(did, theft);
    const deeper = await plc.updateHandleOp(theft, rotation, "stolen.test");
    await post(did, deeper);
    now += 72 * HOUR - 10_000;
    const recovered = await plc.updateHandleOp(op, recovery, "mine-again.test");
    expect((await post(did, recovered)).status).toBe(200);

    expect(await get(`/${did}/log`)).toEqual([op, recovered]);
    const audit = await get(`/${did}/log/audit`);
    expect(audit.map(({ nullified }: { nullified: boolean }) => nullified)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(audit[3]).toEqual({
      did,
      operation: recovered,
      cid: (await cidOf(recovered)).toString(),
      nullified: false,
      createdAt: new Date(now).toISOString(),
    });
    // No operation can build on a nullified one.
    expect(await message(did, await plc.updateHandleOp(deeper, rotation, "x.test"))).toBe(
      "Operations not correctly ordered",
    );
  });

  test("it comes too late after 72 hours", async () => {
    const { did, op } = await registered();
    await post(did, await plc.updateHandleOp(op, rotation, "stolen.test"));
    now += 72 * HOUR + 10_000;
    expect(await message(did, await plc.updateHandleOp(op, recovery, "late.test"))).toMatch(
      "outside of the allowed 72 hr recovery window",
    );
  });

  test("a key undoes neither its own operations nor those of a higher one", async () => {
    const { did, op } = await registered();
    await post(did, await plc.updateHandleOp(op, rotation, "first.test"));
    expect(await message(did, await plc.updateHandleOp(op, rotation, "second.test"))).toBe(
      "Invalid signature on op",
    );
    const other = await registered();
    await post(other.did, await plc.updateHandleOp(other.op, recovery, "owner.test"));
    expect(await message(other.did, await plc.updateHandleOp(other.op, rotation, "thief.test"))).toBe(
      "Invalid signature on op",
    );
  });

  test("recovery in the same millisecond still comes after", async () => {
    const { did, op } = await registered();
    await post(did, await plc.updateHandleOp(op, rotation, "stolen.test"));
    expect((await post(did, await plc.updateHandleOp(op, recovery, "back.test"))).status).toBe(200);
  });
});

describe("ending", () => {
  test("a tombstone ends the DID: 410, and nothing may follow", async () => {
    const { did, op } = await registered();
    const tombstone = await plc.tombstoneOp(await cidOf(op), rotation);
    expect((await post(did, tombstone)).status).toBe(200);
    expect((await ask(`/${did}`)).status).toBe(410);
    expect((await ask(`/${did}/data`)).status).toBe(410);
    expect(await get(`/${did}/log/last`)).toEqual(tombstone);
    const { sig: _, ...state } = op;
    const revived = await plc.signOperation(
      { ...state, prev: (await cidOf(tombstone)).toString() },
      recovery,
    );
    expect(await message(did, revived)).toBe("Operations not correctly ordered");
  });

  test("a higher key undoes a tombstone", async () => {
    const { did, op } = await registered();
    await post(did, await plc.tombstoneOp(await cidOf(op), rotation));
    await post(did, await plc.updateHandleOp(op, recovery, "alive.test"));
    expect((await get(`/${did}`)).alsoKnownAs).toEqual(["at://alive.test"]);
  });
});

describe("form", () => {
  const many = (count: number, make: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => make(i));
  const service = { type: "X", endpoint: "https://x.example.com" };
  test.each([
    ["no object", "nonsense"],
    ["an array", []],
    ["an unknown type", { type: "plc_wish" }],
    [
      "a legacy creation",
      { type: "create", signingKey: "", recoveryKey: "", handle: "", service: "", prev: null, sig: "" },
    ],
    ["no signature", { sig: undefined }],
    ["a float", { extra: 1.5 }],
    ["too many aliases", { alsoKnownAs: many(11, (i) => `at://${i}.test`) }],
    ["a duplicate alias", { alsoKnownAs: ["at://a.test", "at://a.test"] }],
    ["a long alias", { alsoKnownAs: [`at://${"a".repeat(254)}`] }],
    ["too many rotation keys", { rotationKeys: many(11, () => stranger.did()) }],
    [
      "a rotation key of another kind",
      { rotationKeys: ["did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"] },
    ],
    ["a rotation key that is none", { rotationKeys: ["did:key:zQ3sh"] }],
    ["a verification key without prefix", { verificationMethods: { atproto: "zQ3sh" } }],
    ["a long id", { services: { ["x".repeat(33)]: service } }],
    ["a long endpoint", { services: { x: { ...service, endpoint: `https://${"x".repeat(505)}` } } }],
    ["a service without type", { services: { x: { endpoint: "https://x.example.com" } } }],
    ["a numeric service", { services: { x: 7 } }],
    [
      "too many bytes",
      {
        verificationMethods: Object.fromEntries(
          many(10, (i) => i.toString()).map((id) => [id, `did:key:z${"Q".repeat(240)}`]),
        ),
        services: Object.fromEntries(
          many(10, (i) => i.toString()).map((id) => [
            id,
            { type: "x".repeat(250), endpoint: "x".repeat(500) },
          ]),
        ),
      },
    ],
  ])("%s is refused", async (_, change) => {
    const { did, op } = await registered();
    const update = await plc.updateHandleOp(op, rotation, "x.test");
    const isPart = typeof change === "object" && !Array.isArray(change) && !("type" in change);
    await message(did, isPart ? { ...update, ...change } : change);
    expect(await get(`/${did}/log/last`)).toEqual(op);
  });

  test("a key of any kind may verify, only these two may rotate", async () => {
    const { did, op } = await registered();
    const { sig: _, ...state } = op;
    const ed25519 = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    const update = await plc.signOperation(
      {
        ...state,
        verificationMethods: { ...state.verificationMethods, other: ed25519 },
        prev: (await cidOf(op)).toString(),
      },
      rotation,
    );
    expect((await post(did, update)).status).toBe(200);
  });

  test("bodies that are no JSON, methods and paths that are not served", async () => {
    expect((await ask("/did:plc:x", { method: "POST", body: "{" })).status).toBe(400);
    expect((await ask("/did:plc:x", { method: "POST", body: "x".repeat(70_000) })).status).toBe(413);
    expect((await ask("/did:plc:x", { method: "PUT", body: "{}" })).status).toBe(405);
    expect((await ask("/did:plc:x/elsewhere")).status).toBe(404);
    expect((await ask("/%E0%A4%A")).status).toBe(404);
    expect(await get("/did:plc:nobody")).toEqual({ message: "DID not registered: did:plc:nobody" });
    expect((await ask("/_health")).status).toBe(200);
  });
});

describe("exporting", () => {
  test("pages by sequence and by time reach every operation once, in order", async () => {
    const lines = async (query: string) =>
      (await ask(`/export?${query}`)).text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    const whole = await lines("after=0");
    expect(whole.length).toBeGreaterThan(10);
    expect(whole[0]).toMatchObject({ type: "sequenced_op", seq: 1 });
    expect(whole[0].nullified).toBeUndefined();

    for (const [key, first] of [
      ["seq", "0"],
      ["createdAt", ""],
    ] as const) {
      const walked = [];
      let after: string = first;
      for (;;) {
        const page = await lines(`count=7&after=${encodeURIComponent(after)}`);
        if (page.length === 0) break;
        walked.push(...page);
        after = String(page.at(-1)[key]);
      }
      expect(walked.map(({ cid }) => cid)).toEqual(whole.map(({ cid }) => cid));
    }
    expect((await lines("count=1"))[0].nullified).toBe(false);
    expect((await ask("/export?count=0")).status).toBe(400);
    expect((await ask("/export?after=yesterday")).status).toBe(400);
  });
});

test("CIDs are those of the library", async () => {
  const { did, op } = await registered();
  const [entry] = await get(`/${did}/log/audit`);
  expect(CID.parse(entry.cid).equals(CID.parse((await cidOf(op)).toString()))).toBe(true);
});
