/** The host's side of did:plc, against the local directory as bound in a local run. */
import * as plc from "@did-plc/lib";
import { expect, test } from "vitest";
import { Directory } from "../../src/identity/directory.ts";
import { PlcClient } from "../../src/identity/plc/client.ts";
import { askPlc } from "../../src/identity/plc/request.ts";
import { documentOf, operationCid, stateOf, type PlcLegacyCreate } from "../../src/identity/plc/operation.ts";
import { didKey } from "../../src/protocol/keys.ts";
import { bindings, newDid, newHandle, refusalOf } from "../support/bindings.ts";

const client = new PlcClient(bindings, new Directory(bindings));
const signingKey = didKey(new Uint8Array(32).fill(7));
const recoveryKey = didKey(new Uint8Array(32).fill(9));
const pds = "https://pds.example.com";

async function registered() {
  const handle = newHandle();
  const made = await client.createGenesis({ signingKey, handle, pds });
  await client.submit(made.did, made.operation);
  return { ...made, handle };
}

test("a genesis operation is the library's to the letter: same DID, valid log, same data", async () => {
  const { did, operation } = await client.createGenesis({
    signingKey,
    handle: "alice.test",
    pds,
    recoveryKey,
  });
  expect(await plc.didForCreateOp(operation)).toBe(did);
  expect(await plc.validateOperationLog(did, [operation])).toEqual({
    did,
    rotationKeys: [recoveryKey, await client.rotationKey()],
    verificationMethods: { atproto: signingKey },
    alsoKnownAs: ["at://alice.test"],
    services: { atproto_pds: { type: "AtprotoPersonalDataServer", endpoint: pds } },
  });
  const [entry] = [(await plc.getLastOpWithCid([operation])).cid.toString()];
  expect(operationCid(operation)).toBe(entry);
});

test("submitting twice registers once", async () => {
  const { did, operation } = await registered();
  await client.submit(did, operation);
  const { body } = await askPlc(bindings, `/${did}/log`);
  expect(body).toEqual([operation]);
});

test("what the directory refuses is refused in its words", async () => {
  const [one, two] = [await registered(), await registered()];
  const refusal = await refusalOf(client.submit(one.did, two.operation));
  expect(refusal).toEqual({ error: "InvalidRequest", message: "Operations not correctly ordered" });
});

test("a handle changes once, however often it is set", async () => {
  const { did } = await registered();
  await client.updateHandle(did, "renamed.test");
  await client.updateHandle(did, "renamed.test");
  const { body } = await askPlc(bindings, `/${did}/log`);
  const log = body as plc.CompatibleOpOrTombstone[];
  expect(log).toHaveLength(2);
  expect((await plc.validateOperationLog(did, log))?.alsoKnownAs).toEqual(["at://renamed.test"]);
});

test("an update signed here changes only what it is told to", async () => {
  const { did, handle } = await registered();
  const before = await client.state(did);
  const operation = await client.signUpdate(did, (state) => ({
    ...state,
    alsoKnownAs: [...state.alsoKnownAs, "https://blog.example.com"],
    rotationKeys: [recoveryKey, ...state.rotationKeys],
  }));
  await client.submit(did, operation);
  expect(await client.state(did)).toMatchObject({
    services: before.services,
    verificationMethods: before.verificationMethods,
    alsoKnownAs: [`at://${handle}`, "https://blog.example.com"],
    rotationKeys: [recoveryKey, await client.rotationKey()],
  });
  await client.updateHandle(did, "between.test");
  expect((await client.state(did)).alsoKnownAs).toEqual(["at://between.test", "https://blog.example.com"]);
});

test("a tombstone ends a DID, twice or once", async () => {
  const { did } = await registered();
  await client.tombstone(did);
  await client.tombstone(did);
  expect((await refusalOf(client.state(did))).error).toBe("DidDeactivated");
  expect((await refusalOf(client.updateHandle(did, "x.test"))).error).toBe("DidDeactivated");
});

test("a DID that nobody registered is not found", async () => {
  expect((await refusalOf(client.lastOperation(newDid()))).error).toBe("DidNotFound");
});

test("a directory that is out of reach is no answer", async () => {
  const { OUTSIDE: _, ...alone } = bindings;
  const nowhere = new PlcClient(alone, new Directory(bindings));
  expect((await refusalOf(nowhere.state(newDid()))).error).toBe("UpstreamFailure");
});

test("an operation of the deprecated form reads as today's", () => {
  const legacy: PlcLegacyCreate = {
    type: "create",
    signingKey,
    recoveryKey,
    handle: "old.test",
    service: "pds.example.com",
    prev: null,
    sig: "",
  };
  const { sig: _, prev: __, type: ___, ...normalized } = plc.normalizeOp(legacy);
  expect(stateOf(legacy)).toEqual(normalized);
});

test("documents name each key context once, and none for a key of another kind", () => {
  const did = newDid();
  const document = documentOf(did, {
    rotationKeys: [],
    alsoKnownAs: [],
    services: {},
    verificationMethods: {
      atproto: signingKey,
      atproto_label: recoveryKey,
      other: "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    },
  });
  expect(document["@context"]).toEqual([
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/suites/secp256k1-2019/v1",
  ]);
});
