/** Tokens that other accounts and services sign for this host, with keys of both curves. */
import { formatMultikey } from "@atproto/crypto";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { createExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { servicesOf } from "../../src/edge/services.ts";
import { sha256 } from "../../src/protocol/cid.ts";
import {
  feedViewer,
  memberOrService,
  serviceOrAnyone,
  viewer,
  viewerOrAnyone,
} from "../../src/xrpc/server/policies.ts";
import { moderator } from "../../src/xrpc/server/role-policies.ts";
import { verifyServiceToken } from "../../src/xrpc/server/service-auth.ts";
import { HOST_DID, ORIGIN, bindings } from "../support/account-host.ts";
import { refusalOf } from "../support/bindings.ts";

type Alg = "ES256K" | "ES256";
const CURVES = { ES256K: secp256k1, ES256: p256 };
const NSID = "com.atproto.repo.uploadBlob";

interface Issuer {
  did: `did:web:${string}`;
  alg: Alg;
  secret: Uint8Array;
}

let made = 0;
const newIssuer = (alg: Alg): Issuer => ({
  did: `did:web:issuer${made++}.example.com`,
  alg,
  secret: CURVES[alg].utils.randomSecretKey(),
});

const multikey = ({ alg, secret }: Issuer) => formatMultikey(alg, CURVES[alg].getPublicKey(secret, true));

/** The documents that the outside serves, by host name. */
const documents = new Map<string, object>();
let asked: string[] = [];

function publish(issuer: Issuer, id = "#atproto", key = multikey(issuer)): void {
  const { did } = issuer;
  documents.set(did.slice("did:web:".length), {
    id: did,
    verificationMethod: [{ id, type: "Multikey", controller: did, publicKeyMultibase: key }],
  });
}

beforeEach(() => {
  asked = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input);
    asked.push(hostname);
    const document = documents.get(hostname);
    return document === undefined ? new Response(null, { status: 404 }) : Response.json(document);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

interface TokenOptions {
  header?: object;
  claims?: object;
  highS?: boolean;
}

function tokenOf(issuer: Issuer, { header, claims, highS = false }: TokenOptions = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 60;
  const signed = `${encode({ alg: issuer.alg, typ: "JWT", ...header })}.${encode({
    iss: issuer.did,
    aud: HOST_DID,
    lxm: NSID,
    exp,
    ...claims,
  })}`;
  const curve = CURVES[issuer.alg];
  const bytes = curve.sign(sha256(new TextEncoder().encode(signed)), issuer.secret, { lowS: true }).toBytes();
  if (highS) {
    const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).toString("hex")}`);
    const other = (curve.Point.Fn.ORDER - s).toString(16).padStart(64, "0");
    bytes.set(Buffer.from(other, "hex"), 32);
  }
  return `${signed}.${Buffer.from(bytes).toString("base64url")}`;
}

const servicesWith = (env: Partial<typeof bindings> = {}) =>
  servicesOf(new Request(ORIGIN), { ...bindings, ...env }, createExecutionContext());

const verify = (token: string) => verifyServiceToken(token, { services: servicesWith(), nsid: NSID });
const refusal = async (token: string) => (await refusalOf(verify(token))).error;

test.each(["ES256K", "ES256"] as const)("a token signed with %s is its issuer's word", async (alg) => {
  const issuer = newIssuer(alg);
  publish(issuer);
  expect(await verify(tokenOf(issuer))).toBe(issuer.did);
  expect(await verify(tokenOf(issuer, { highS: true }))).toBe(issuer.did);
  expect(await verify(tokenOf(issuer, { claims: { aud: `${HOST_DID}#atproto_pds` } }))).toBe(issuer.did);
});

test("a labeler's key speaks for the labeler, never for its account", async () => {
  const labeler = newIssuer("ES256K");
  publish(labeler, "#atproto_label");
  const token = tokenOf(labeler, { claims: { iss: `${labeler.did}#atproto_labeler` } });
  const as = (labelerOf: Issuer["did"]) =>
    verifyServiceToken(token, { services: servicesWith(), nsid: NSID }, { labelerOf });
  expect(await as(labeler.did)).toBe(labeler.did);
  expect((await refusalOf(as("did:web:other.example.com"))).error).toBe("UntrustedIss");
  asked = [];
  expect(await refusal(token)).toBe("BadJwtIss");
  expect(asked).toEqual([]);
  // Without the fragment, the key is not the account's.
  expect(await refusal(tokenOf(labeler))).toBe("AuthenticationRequired");
});

test.each(["#atproto_labeler", "#atproto", "#bsky_appview", "#atproto_label"])(
  "a token of an account's service %s opens nothing of the account's",
  async (fragment) => {
    const issuer = newIssuer("ES256K");
    publish(issuer, "#atproto_label");
    publish(issuer);
    const claims = { iss: `${issuer.did}${fragment}` };
    for (const policy of [viewer, viewerOrAnyone, feedViewer, memberOrService(), serviceOrAnyone]) {
      const authorization = `Bearer ${tokenOf(issuer, { claims })}`;
      const request = new Request(ORIGIN, { headers: { authorization } });
      const refused = Promise.resolve(policy({ request, nsid: NSID, services: servicesWith(), params: {} }));
      expect((await refusalOf(refused)).error).toBe("BadJwtIss");
    }
  },
);

test("a key that was changed since it was seen is looked up again, once", async () => {
  const issuer = newIssuer("ES256K");
  publish(issuer);
  await verify(tokenOf(issuer));
  const renewed = { ...issuer, secret: secp256k1.utils.randomSecretKey() };
  publish(renewed);
  asked = [];
  expect(await verify(tokenOf(renewed))).toBe(issuer.did);
  expect(asked).toHaveLength(1);
  expect(await refusal(tokenOf(issuer))).toBe("BadJwtSignature");
});

/** The same signature as ASN.1 has it, which a JWT may not. */
const inDer = (signature: string): string =>
  Buffer.from(
    secp256k1.Signature.fromBytes(Buffer.from(signature, "base64url"), "compact").toBytes("der"),
  ).toString("base64url");

const minute = () => Math.floor(Date.now() / 1000);
test.each<[string, TokenOptions, string]>([
  ["for another host", { claims: { aud: "did:web:elsewhere.example.com" } }, "BadJwtAudience"],
  ["for a host whose name begins like this one's", { claims: { aud: `${HOST_DID}1` } }, "BadJwtAudience"],
  ["for another method", { claims: { lxm: "com.atproto.repo.createRecord" } }, "BadJwtLexiconMethod"],
  ["for no method in particular", { claims: { lxm: undefined } }, "BadJwtLexiconMethod"],
  ["that is over", { claims: { exp: minute() - 1 } }, "JwtExpired"],
  ["that never ends", { claims: { exp: undefined } }, "BadJwt"],
  ["that lasts ten years", { claims: { exp: minute() + 10 * 365 * 86_400 } }, "BadJwt"],
  ["that lasts longer than any is issued for", { claims: { exp: minute() + 2 * 3_600 } }, "BadJwt"],
  ["that lasts to the end of numbers", { claims: { exp: Number.MAX_VALUE } }, "BadJwt"],
  ["of no DID", { claims: { iss: "issuer.example.com" } }, "BadJwtIss"],
  ["of two services", { claims: { iss: "did:web:x.example.com#a#b" } }, "BadJwtIss"],
  ["of a nameless service", { claims: { iss: "did:web:x.example.com#" } }, "BadJwtIss"],
  ["of somebody unknown", { claims: { iss: "did:web:nobody.example.com" } }, "AuthenticationRequired"],
  ["that is a session's", { header: { typ: "at+jwt" } }, "BadJwtType"],
  ["that is a DPoP proof", { header: { typ: "dpop+jwt" } }, "BadJwtType"],
  ["that claims another algorithm", { header: { alg: "ES256" } }, "BadJwtSignature"],
  ["that claims none", { header: { alg: "none" } }, "BadJwtSignature"],
  ["that claims an empty one", { header: { alg: "" } }, "BadJwtSignature"],
  ["that claims what is no text", { header: { alg: ["ES256K"] } }, "BadJwtSignature"],
  ["without an algorithm", { header: { alg: undefined } }, "BadJwtSignature"],
])("a token %s is refused", async (_, options, error) => {
  const issuer = newIssuer("ES256K");
  publish(issuer);
  expect(await refusal(tokenOf(issuer, options))).toBe(error);
});

test.each([
  ["two parts", (token: string) => token.split(".").slice(0, 2).join("."), "BadJwt"],
  ["a fourth part", (token: string) => `${token}.x`, "BadJwt"],
  ["a header that is no JSON", (token: string) => token.replace(/^[^.]+/, "abc"), "BadJwt"],
  ["a signature that is no base64", (token: string) => token.replace(/[^.]+$/, "%%%"), "BadJwt"],
  ["an empty signature", (token: string) => token.replace(/[^.]+$/, ""), "BadJwtSignature"],
  ["a signature in DER", (token: string) => token.replace(/[^.]+$/, inDer), "BadJwtSignature"],
  ["half a signature", (token: string) => token.slice(0, -43), "BadJwtSignature"],
  ["a changed payload", (token: string) => token.replace(/\.e/, ".f"), "BadJwt"],
])("a token with %s is refused", async (_, change, error) => {
  const issuer = newIssuer("ES256K");
  publish(issuer);
  expect(await refusal(change(tokenOf(issuer)))).toBe(error);
});

test("a key of another curve does not verify, whatever the token says", async () => {
  const issuer = newIssuer("ES256");
  publish(issuer);
  const imposter: Issuer = { ...newIssuer("ES256K"), did: issuer.did };
  expect(await refusal(tokenOf(imposter))).toBe("BadJwtSignature");
});

test("the moderation service that the host trusts is a moderator; another's document is not even read", async () => {
  const [ozone, other] = [newIssuer("ES256K"), newIssuer("ES256K")];
  publish(ozone, "#atproto_label");
  publish(other, "#atproto_label");
  const ask = (issuer: Issuer, trusted?: string, iss = `${issuer.did}#atproto_labeler`) => {
    const nsid = "com.atproto.admin.getAccountInfo";
    const authorization = `Bearer ${tokenOf(issuer, { claims: { lxm: nsid, iss } })}`;
    const services = servicesWith(trusted === undefined ? {} : { MOD_SERVICE: trusted });
    return moderator({
      request: new Request(ORIGIN, { headers: { authorization } }),
      nsid,
      services,
      params: {},
    });
  };
  expect(await ask(ozone, ozone.did)).toEqual({
    kind: "acting",
    actor: ozone.did,
    did: ozone.did,
    role: "moderator",
    createdBy: "admin",
  });
  asked = [];
  expect((await refusalOf(Promise.resolve(ask(other, ozone.did)))).error).toBe("UntrustedIss");
  expect((await refusalOf(Promise.resolve(ask(ozone)))).error).toBe("UntrustedIss");
  // The account's own word is what an app password can get.
  expect((await refusalOf(Promise.resolve(ask(ozone, ozone.did, ozone.did)))).error).toBe("UntrustedIss");
  expect(asked).toEqual([]);
});
