/**
 * The endpoints that apps call: metadata, keys, pushed requests, tokens and revocation (RFC 8414, 9126, 6749,
 * 7009, 9449).
 */
import type { OAuthServer } from "./provider.ts";
import { LostRace } from "./stores/sessions.ts";
import { readText } from "../protocol/body.ts";
import { logLine } from "../protocol/log-line.ts";

/** Maximum size of a form or JSON body, in bytes. */
const BODY_MAX = 64 * 1024;

/** CORS for apps of any origin: nothing here relies on cookies. */
const OPEN = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "*",
  "access-control-allow-headers": "Content-Type,DPoP",
  "access-control-max-age": "86400",
  "access-control-expose-headers": "DPoP-Nonce, WWW-Authenticate",
};

const PUBLISHED = { ...OPEN, "cache-control": "max-age=300" };

/** Request metadata in the provider's form; omits `userAgent` if there is none. */
export function metadataOf(request: Request, address: string) {
  const userAgent = request.headers.get("user-agent");
  return { ...(userAgent === null ? {} : { userAgent }), ipAddress: address, port: 0 };
}

export function authorizationServerMetadata({ provider }: OAuthServer): Response {
  return Response.json(provider.metadata, { headers: PUBLISHED });
}

export function jwks({ provider }: OAuthServer): Response {
  return Response.json(provider.jwks, { headers: PUBLISHED });
}

/** Metadata of this host as a protected resource (RFC 9728). Needs no provider. */
export function protectedResourceMetadata(origin: string): Response {
  const metadata = {
    resource: origin,
    authorization_servers: [origin],
    scopes_supported: [],
    bearer_methods_supported: ["header"],
    resource_documentation: "https://atproto.com",
  };
  return Response.json(metadata, { headers: PUBLISHED });
}

export function pushAuthorizationRequest(server: OAuthServer, request: Request): Promise<Response> {
  const { core, provider } = server;
  return answer(server, request, 201, async (body) => {
    const credentials = parsed(core.oauthClientCredentialsSchema, body, (cause) => {
      return new core.InvalidClientError("Client credentials missing", cause);
    });
    const pushed = parsed(core.oauthAuthorizationRequestParSchema, body, (cause) => {
      return new core.InvalidRequestError("Invalid authorization request", cause);
    });
    return provider.pushedAuthorizationRequest(credentials, pushed, await proofOf(server, request));
  });
}

export function token(server: OAuthServer, request: Request, address: string): Promise<Response> {
  const { core, provider } = server;
  return answer(server, request, 200, async (body) => {
    const credentials = parsed(core.oauthClientCredentialsSchema, body, (cause) => {
      return new core.InvalidGrantError("Client credentials missing", cause);
    });
    const wanted = parsed(core.oauthTokenRequestSchema, body, (cause) => {
      return new core.InvalidGrantError("Invalid request payload", cause);
    });
    try {
      return await provider.token(
        credentials,
        metadataOf(request, address),
        wanted,
        await proofOf(server, request),
      );
    } catch (thrown) {
      if (!(thrown instanceof LostRace)) throw thrown;
      throw new core.InvalidGrantError("The refresh token was used by another request just now", thrown);
    }
  });
}

/** A token that cannot be revoked is no error (RFC 7009, section 2.2). */
export function revoke(server: OAuthServer, request: Request): Promise<Response> {
  const { core, provider } = server;
  return answer(server, request, 200, async (body) => {
    const credentials = parsed(core.oauthClientCredentialsSchema, body, (cause) => {
      return new core.InvalidRequestError("Client credentials missing", cause);
    });
    const named = parsed(core.oauthTokenIdentificationSchema, body, (cause) => {
      return new core.InvalidRequestError("Invalid request payload", cause);
    });
    const proof = await proofOf(server, request);
    await provider.revoke(credentials, named, proof).catch((thrown: unknown) => {
      if (!(thrown instanceof core.OAuthError)) throw thrown;
    });
    return {};
  });
}

type Schema<Value> = {
  safeParse(value: unknown): { success: true; data: Value } | { success: false; error: Error };
};

function parsed<Value>(schema: Schema<Value>, body: unknown, refusal: (cause: Error) => Error): Value {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw refusal(result.error);
}

function proofOf({ provider }: OAuthServer, request: Request) {
  const { pathname } = new URL(request.url);
  return provider.checkDpopProof(request.method, new URL(pathname, provider.issuer), {
    dpop: request.headers.get("dpop") ?? undefined,
  });
}

async function answer(
  server: OAuthServer,
  request: Request,
  status: number,
  run: (body: unknown) => Promise<unknown>,
): Promise<Response> {
  const headers = new Headers({ ...OPEN, "cache-control": "no-store", pragma: "no-cache" });
  const nonce = server.provider.nextDpopNonce();
  if (nonce !== undefined) headers.set("dpop-nonce", nonce);
  try {
    const body = await bodyOf(server, request);
    await server.clients.prepare(body.client_id);
    return Response.json(await run(body), { status, headers });
  } catch (thrown) {
    return errorResponse(server, thrown, headers);
  }
}

/** An error in OAuth's form (RFC 6749, section 5.2). Any other error is opaque, and its cause is logged. */
function errorResponse({ core }: OAuthServer, thrown: unknown, headers: Headers): Response {
  if (thrown instanceof core.WWWAuthenticateError) {
    headers.set("www-authenticate", thrown.wwwAuthenticateHeader);
  }
  if (thrown instanceof core.OAuthError) {
    return Response.json(thrown.toJSON(), { status: thrown.status, headers });
  }
  logLine("error", "oauth", { cause: thrown });
  return Response.json(
    { error: "server_error", error_description: "Server error" },
    { status: 500, headers },
  );
}

async function bodyOf({ core }: OAuthServer, request: Request): Promise<Record<string, unknown>> {
  const refused = (why: string) => new core.InvalidRequestError(why);
  const text = await readText(request, BODY_MAX).catch(() => {
    throw refused("The request body broke off");
  });
  if (text === null) throw refused("Request body too large");
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type === "application/x-www-form-urlencoded") return formFields(text, refused);
  if (type !== "application/json") throw refused("Unsupported content-type");
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return { ...body };
  } catch {
    // Refused below.
  }
  throw refused("Malformed request body");
}

/** Refuses a parameter that occurs twice (RFC 6749, section 3.1). */
function formFields(text: string, refused: (why: string) => Error): Record<string, unknown> {
  const fields = [...new URLSearchParams(text)];
  if (new Set(fields.map(([name]) => name)).size < fields.length) throw refused("Duplicate parameter");
  return Object.fromEntries(fields);
}
