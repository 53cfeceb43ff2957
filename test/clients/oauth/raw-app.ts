/** A hand-written app, which can do everything wrong. */
import { createHash, randomBytes } from "node:crypto";
import { SignJWT, exportJWK, generateKeyPair } from "jose";

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

export interface ProofOptions {
  htm?: string;
  htu?: string;
  ath?: string | null;
  nonce?: string | null;
  jti?: string;
  iat?: number;
  key?: KeyPair;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export const newKey = () => generateKeyPair("ES256", { extractable: true });

export class RawApp {
  readonly origin: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly verifier = randomBytes(32).toString("base64url");
  readonly key: KeyPair;
  nonce: string | null = null;

  private constructor(origin: string, clientId: string, redirectUri: string, key: KeyPair) {
    this.origin = origin;
    this.clientId = clientId;
    this.redirectUri = redirectUri;
    this.key = key;
  }

  static async of(
    origin: string,
    scope = "atproto transition:generic",
    at?: { clientId: string; redirectUri: string },
  ) {
    const redirectUri = at?.redirectUri ?? "http://127.0.0.1:9/callback";
    const query = new URLSearchParams({ redirect_uri: redirectUri, scope });
    const clientId = at?.clientId ?? `http://localhost?${query.toString()}`;
    const app = new RawApp(origin, clientId, redirectUri, await newKey());
    // The very first answer carries the nonce.
    await app.post("/oauth/par", { client_id: clientId });
    return app;
  }

  get challenge(): string {
    return createHash("sha256").update(this.verifier).digest("base64url");
  }

  async proof(method: string, url: string, options: ProofOptions = {}, token?: string): Promise<string> {
    const key = options.key ?? this.key;
    const jwk = await exportJWK(key.publicKey);
    const ath = token === undefined ? undefined : createHash("sha256").update(token).digest("base64url");
    const nonce = options.nonce === undefined ? this.nonce : options.nonce;
    return new SignJWT({
      htm: options.htm ?? method,
      htu: options.htu ?? url,
      jti: options.jti ?? randomBytes(16).toString("hex"),
      ...(nonce === null ? {} : { nonce }),
      ...(options.ath === null
        ? {}
        : options.ath !== undefined
          ? { ath: options.ath }
          : ath === undefined
            ? {}
            : { ath }),
    })
      .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk })
      .setIssuedAt(options.iat)
      .sign(key.privateKey);
  }

  async post(path: string, fields: Record<string, string>, proof?: string): Promise<Answer> {
    const response = await fetch(`${this.origin}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        ...(proof === undefined ? {} : { dpop: proof }),
      },
      body: new URLSearchParams(fields).toString(),
    });
    return this.#answer(response);
  }

  async call(
    method: string,
    path: string,
    token: string,
    proof: string | null,
    body?: unknown,
  ): Promise<Answer> {
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: {
        authorization: `DPoP ${token}`,
        ...(proof === null ? {} : { dpop: proof }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return this.#answer(response);
  }

  /** `over` replaces parameters; an empty one is omitted. */
  async push(over: Record<string, string> = {}, options: ProofOptions = {}): Promise<Answer> {
    const fields: Record<string, string> = {
      client_id: this.clientId,
      redirect_uri: this.redirectUri,
      response_type: "code",
      scope: "atproto transition:generic",
      code_challenge: this.challenge,
      code_challenge_method: "S256",
      state: "s",
      ...over,
    };
    const wanted = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
    return this.post("/oauth/par", wanted, await this.proof("POST", `${this.origin}/oauth/par`, options));
  }

  async pushed(over: Record<string, string> = {}): Promise<URL> {
    const { body, status } = await this.push(over);
    if (status !== 201) throw new Error(JSON.stringify(body));
    const url = new URL("/oauth/authorize", this.origin);
    url.searchParams.set("client_id", this.clientId);
    url.searchParams.set("request_uri", String(body.request_uri));
    return url;
  }

  async exchange(
    code: string,
    over: Record<string, string> = {},
    options: ProofOptions = {},
  ): Promise<Answer> {
    const fields = {
      grant_type: "authorization_code",
      client_id: this.clientId,
      redirect_uri: this.redirectUri,
      code_verifier: this.verifier,
      code,
      ...over,
    };
    const wanted = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
    return this.post("/oauth/token", wanted, await this.proof("POST", `${this.origin}/oauth/token`, options));
  }

  async refresh(
    token: string,
    over: Record<string, string> = {},
    options: ProofOptions = {},
  ): Promise<Answer> {
    const fields = { grant_type: "refresh_token", client_id: this.clientId, refresh_token: token, ...over };
    return this.post("/oauth/token", fields, await this.proof("POST", `${this.origin}/oauth/token`, options));
  }

  async get(path: string, token: string, options: ProofOptions = {}): Promise<Answer> {
    const [bare = path] = path.split("?");
    return this.call("GET", path, token, await this.proof("GET", `${this.origin}${bare}`, options, token));
  }

  async #answer(response: Response): Promise<Answer> {
    this.nonce = response.headers.get("dpop-nonce") ?? this.nonce;
    const text = await response.text();
    let body: Record<string, unknown> = {};
    try {
      body = JSON.parse(text) as Record<string, unknown>;
    } catch {
      body = { text };
    }
    return { status: response.status, headers: response.headers, body };
  }
}
