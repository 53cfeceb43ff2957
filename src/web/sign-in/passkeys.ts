/**
 * Passkeys (WebAuthn, level 3), as an addition to the password. They are looked up by their own id, before
 * the member is known, so the directory keeps them. A challenge is signed, bound to browser and purpose, and
 * good once.
 */
import { Buffer } from "node:buffer";
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import type { Did } from "@atcute/lexicons";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { passkey } from "../../../schema/oauth.ts";
import { derivedKey, digestOf, macOf, randomHex, sameSecret } from "../../oauth/digest.ts";
import type { Member } from "../../identity/member.ts";
import type { Visit } from "../visit.ts";
import { listPasskeys } from "../../oauth/stores/passkeys.ts";
import { Replays } from "../../oauth/stores/replays.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";

export type PasskeyAnswer = AuthenticationResponseJSON;
export type NewPasskey = RegistrationResponseJSON;

const CHALLENGE_MS = 5 * 60_000;
/** Limit per member: more are a mistake, or mischief. */
const PASSKEYS_MAX = 20;

type Purpose = "sign-in" | `add ${string}`;

function challengeFor({ secret, browser }: Visit, purpose: Purpose): string {
  const text = `${Date.now() + CHALLENGE_MS}.${randomHex(16)}`;
  return `${text}.${macOf(derivedKey(secret, `passkey ${purpose} ${browser.id}`), text)}`;
}

/** @param challenge our challenge in base64url, as the authenticator signed it */
async function isOurChallenge(
  { secret, browser, services }: Visit,
  purpose: Purpose,
  challenge: string,
): Promise<boolean> {
  const [until = "", random = "", mac = ""] = fromBase64url(challenge).split(".");
  const text = `${until}.${random}`;
  const expected = macOf(derivedKey(secret, `passkey ${purpose} ${browser.id}`), text);
  if (!sameSecret(mac, expected) || Number(until) < Date.now()) return false;
  return new Replays(services.env.DIRECTORY).unique("passkey", random, CHALLENGE_MS);
}

/** Options for `navigator.credentials.get`, which accept any passkey of this host. */
export async function signInOptions(visit: Visit): Promise<object> {
  const { generateAuthenticationOptions } = await import("./webauthn.ts");
  return generateAuthenticationOptions({
    rpID: visit.frame.host.hostname,
    challenge: challengeFor(visit, "sign-in"),
    userVerification: "required",
  });
}

/**
 * The DID of the member whose passkey answered. Null if the passkey is unknown, or answered no challenge of
 * this browser.
 */
export async function signInWithPasskey(visit: Visit, answer: PasskeyAnswer | null): Promise<Did | null> {
  if (answer === null || typeof answer.id !== "string") return null;
  const db = drizzle(visit.services.env.DIRECTORY);
  const row = await db.select().from(passkey).where(eq(passkey.credentialId, answer.id)).get();
  if (!row) return null;
  const { verifyAuthenticationResponse } = await import("./webauthn.ts");
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: answer,
      expectedChallenge: (challenge) => isOurChallenge(visit, "sign-in", challenge),
      expectedOrigin: visit.frame.host.origin,
      expectedRPID: visit.frame.host.hostname,
      requireUserVerification: true,
      credential: {
        id: row.credentialId,
        publicKey: bytesOf(row.publicKey),
        counter: row.counter,
        transports: row.transports,
      },
    });
    if (!verified) return null;
    await db
      .update(passkey)
      .set({ counter: authenticationInfo.newCounter, usedAt: Date.now() })
      .where(eq(passkey.credentialId, row.credentialId));
    return row.did;
  } catch (thrown) {
    // The library throws for any invalid answer.
    logLine("info", "passkeys", { did: row.did, refused: messageOf(thrown).slice(0, 200) });
    return null;
  }
}

/** Options for `navigator.credentials.create`. */
export async function addOptions(visit: Visit, member: Member): Promise<object> {
  const { generateRegistrationOptions } = await import("./webauthn.ts");
  const existing = await listPasskeys(visit.services.env.DIRECTORY, member.did);
  return generateRegistrationOptions({
    rpName: visit.frame.host.name,
    rpID: visit.frame.host.hostname,
    userName: member.handle,
    // At most 64 bytes, and some DIDs are longer.
    userID: Uint8Array.from(Buffer.from(digestOf(member.did).slice(0, 32))),
    challenge: challengeFor(visit, `add ${member.did}`),
    attestationType: "none",
    excludeCredentials: existing.map(({ id }) => ({ id })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
}

/** False if the answer fits no challenge of ours, or the member has enough passkeys. */
export async function addPasskey(
  visit: Visit,
  member: Member,
  answer: NewPasskey,
  name: string,
): Promise<boolean> {
  if ((await listPasskeys(visit.services.env.DIRECTORY, member.did)).length >= PASSKEYS_MAX) return false;
  const { verifyRegistrationResponse } = await import("./webauthn.ts");
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: answer,
      expectedChallenge: (challenge) => isOurChallenge(visit, `add ${member.did}`, challenge),
      expectedOrigin: visit.frame.host.origin,
      expectedRPID: visit.frame.host.hostname,
      requireUserVerification: true,
    });
    if (!verified || registrationInfo === undefined) return false;
    const { credential } = registrationInfo;
    const { meta } = await drizzle(visit.services.env.DIRECTORY)
      .insert(passkey)
      .values({
        credentialId: credential.id,
        did: member.did,
        publicKey: base64url(credential.publicKey),
        counter: credential.counter,
        transports: credential.transports ?? [],
        name: name.trim().slice(0, 60) || "Passkey",
        createdAt: Date.now(),
      })
      .onConflictDoNothing();
    return meta.changes > 0;
  } catch (thrown) {
    logLine("info", "passkeys", { did: member.did, refused: messageOf(thrown).slice(0, 200) });
    return false;
  }
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const fromBase64url = (text: string) => Buffer.from(text, "base64url").toString("latin1");
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, "base64url"));
