/**
 * An app with sessions of a member, made as the token endpoint would make them. It sends proofs with its
 * calls, as apps do.
 */
import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { Directory } from "../../src/identity/directory.ts";
import { derivedKey } from "../../src/oauth/digest.ts";
import type { Bindings } from "../../src/protocol/stations.ts";
import type { AccountStation } from "../../src/protocol/account-station.ts";
import { type CallOptions, HOST_DID, ORIGIN, type Reply, xrpc } from "./account-host.ts";

const bindings: Bindings<AccountStation> & { BLOBS: R2Bucket } = env as never;
const CLIENT = "http://localhost";

type Key = Awaited<ReturnType<typeof generateKeyPair>>;

export class BoundApp {
  readonly #did: string;
  readonly #key: Key;
  readonly #secret: string;
  /** For the next proof; the newest answer carried it. */
  nonce = "";

  private constructor(did: string, key: Key, secret: string) {
    this.#did = did;
    this.#key = key;
    this.#secret = secret;
  }

  static async of({ did }: { did: string }): Promise<BoundApp> {
    const key = await generateKeyPair("ES256", { extractable: true });
    const app = new BoundApp(did, key, await new Directory(bindings).secret("JWT_SECRET"));
    // Any answer carries the nonce.
    await app.call("com.atproto.server.getSession", await app.token("atproto"), {});
    return app;
  }

  /** Creates a session with this scope; returns its access token. */
  async token(scope: string): Promise<string> {
    const id = `tok-${crypto.randomUUID().replaceAll("-", "")}`;
    const jkt = await calculateJwkThumbprint(await exportJWK(this.#key.publicKey));
    const now = Date.now();
    await bindings.DIRECTORY.prepare(
      `INSERT INTO oauth_session (family, token_id, did, client_id, client_auth, parameters, scope, created_at,
       updated_at, expires_at) VALUES (?1, ?1, ?2, ?3, '{}', ?4, ?5, ?6, ?6, ?7)`,
    )
      .bind(id, this.#did, CLIENT, JSON.stringify({ dpop_jkt: jkt, scope }), scope, now, now + 3_600_000)
      .run();
    return new SignJWT({ scope, client_id: CLIENT, cnf: { jkt }, jti: id })
      .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "host" })
      .setIssuer(ORIGIN)
      .setAudience(HOST_DID)
      .setSubject(this.#did)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(derivedKey(this.#secret, "access token"));
  }

  async call(nsid: string, token: string, options: CallOptions): Promise<Reply> {
    const proof = await this.#proof(options.method ?? "GET", nsid, token);
    const headers = { ...options.headers, dpop: proof };
    const reply = await xrpc(nsid, { ...options, auth: `DPoP ${token}`, headers });
    this.nonce = reply.headers.get("dpop-nonce") ?? this.nonce;
    return reply;
  }

  async #proof(verb: string, nsid: string, token: string): Promise<string> {
    return new SignJWT({
      htm: verb,
      htu: `${ORIGIN}/xrpc/${nsid}`,
      jti: crypto.randomUUID(),
      nonce: this.nonce,
      ath: createHash("sha256").update(token).digest("base64url"),
    })
      .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk: await exportJWK(this.#key.publicKey) })
      .setIssuedAt()
      .sign(this.#key.privateKey);
  }
}
