/**
 * The few calls of Cloudflare's API by which a deploy looks before it leaps: what the account has, and what it
 * lacks. Wrangler does the deploy itself.
 */
import { LaunchError } from "../ports.ts";

/** Wrangler's credentials: `wrangler auth token --json`. */
export type Credentials =
  | { type: "oauth" | "api_token"; token: string }
  | { type: "api_key"; key: string; email: string };

export interface CloudflareAccount {
  id: string;
  name: string;
}

/** A refusal by the API, with its code: https://developers.cloudflare.com/workers/platform/error-codes/ */
export class ApiRefusal extends Error {
  override name = "ApiRefusal";
  readonly status: number;
  readonly code: number;

  constructor(call: string, status: number, code: number, message: string) {
    super(`${call}: ${message} [code: ${code}]`);
    this.status = status;
    this.code = code;
  }
}

/** The API's codes that a deploy goes by. */
export const CODES = {
  /** The token may not. */
  authentication: 10000,
  notAuthorised: 7403,
  noWorker: 10007,
  noDatabase: 7404,
  noBucket: 10006,
  r2NotEnabled: 10042,
} as const;

export const isRefusal = (thrown: unknown, ...codes: number[]): thrown is ApiRefusal =>
  thrown instanceof ApiRefusal && (codes.length === 0 || codes.includes(thrown.code));

interface Given {
  body?: string;
  headers?: Record<string, string>;
}

interface Envelope {
  success?: boolean;
  result?: unknown;
  errors?: { code?: number; message?: string }[];
}

export class Cloudflare {
  readonly #base = process.env.CLOUDFLARE_API_BASE_URL || "https://api.cloudflare.com/client/v4";
  readonly #headers: Record<string, string>;

  constructor(credentials: Credentials) {
    this.#headers =
      credentials.type === "api_key"
        ? { "x-auth-key": credentials.key, "x-auth-email": credentials.email }
        : { authorization: `Bearer ${credentials.token}` };
  }

  accounts(): Promise<CloudflareAccount[]> {
    return this.#call("GET", "/accounts?per_page=50");
  }

  /** Null: there is none that the call could find (`missing`). */
  async find<Result>(path: string, missing: number, headers: Record<string, string> = {}) {
    try {
      return await this.#call<Result>("GET", path, { headers });
    } catch (thrown) {
      if (isRefusal(thrown, missing)) return null;
      throw thrown;
    }
  }

  async make(path: string, body: object, headers: Record<string, string> = {}): Promise<void> {
    await this.#call("POST", path, { body: JSON.stringify(body), headers });
  }

  /** Throws `ApiRefusal`, or a `LaunchError` if the API cannot be reached. */
  async #call<Result>(method: string, path: string, given: Given = {}): Promise<Result> {
    const call = `${method} ${path}`;
    const headers = { "content-type": "application/json", ...given.headers, ...this.#headers };
    const response = await fetch(`${this.#base}${path}`, { method, ...given, headers }).catch((thrown) => {
      throw new LaunchError(
        `Cloudflare's API cannot be reached (${call}: ${reasonOf(thrown)}). Nothing is half done: deploy again once the network is back.`,
      );
    });
    const text = await response.text();
    const { success = false, result, errors = [] } = envelopeOf(text);
    // Whoever asks names the shape that the documentation gives.
    if (success) return result as Result;
    const { code = 0, message = text.slice(0, 200) } = errors[0] ?? {};
    throw new ApiRefusal(call, response.status, code, message);
  }
}

function envelopeOf(text: string): Envelope {
  try {
    return JSON.parse(text) as Envelope;
  } catch {
    return {};
  }
}

/** `fetch` hides why it failed in `cause`. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause ? String(cause.code) : cause.message;
}
