/**
 * A patient XRPC client for one host and one account: it refreshes its session, waits out rate limits, and
 * retries calls that a restarting host did not answer. Only for calls that may run twice; others set `once`.
 */
import { XrpcError } from "../dev/xrpc-client.ts";

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
/** A longer rate limit is reported instead of waited for. */
const MAX_WAIT_MS = 10 * 60 * 1000;

/** The host did not answer at all. */
export class Unreachable extends Error {
  override name = "Unreachable";

  constructor(origin: string, cause: unknown) {
    const code = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    super(`${origin} does not answer (${code})`, { cause });
  }
}

export interface Call {
  params?: Record<string, string | number | string[] | undefined>;
  /** JSON input of a procedure. */
  input?: unknown;
  /** Input in bytes instead of JSON. */
  body?: { bytes: Uint8Array; type: string };
  /** Marks a procedure without input. */
  procedure?: boolean;
  /** The `authorization` header, instead of the session's; "" for none. */
  authorization?: string;
  /** Whether the call must not be retried. */
  once?: boolean;
}

interface Session {
  did: string;
  handle: string;
  accessJwt: string;
  refreshJwt: string;
  email?: string;
  emailConfirmed?: boolean;
}

export interface HostClientOptions {
  signal?: AbortSignal | undefined;
  /** Called when a wait begins, with its reason and length. */
  onWait?: ((why: string, ms: number) => void) | undefined;
}

export class HostClient {
  readonly origin: string;
  readonly #options: HostClientOptions;
  #session: Session | null = null;
  #refreshing: Promise<void> | null = null;

  constructor(origin: string, options: HostClientOptions = {}) {
    this.origin = new URL(origin).origin;
    this.#options = options;
  }

  get session(): Session | null {
    return this.#session;
  }

  /**
   * Opens a session. Throws `XrpcError`: AuthenticationRequired, AuthFactorTokenRequired, RateLimitExceeded.
   */
  async login(identifier: string, password: string, authFactorToken?: string): Promise<Session> {
    const input = { identifier, password, ...(authFactorToken === undefined ? {} : { authFactorToken }) };
    this.#session = await this.json<Session>("com.atproto.server.createSession", {
      input,
      authorization: "",
    });
    return this.#session;
  }

  /** Uses the session that createAccount returned. */
  adopt(session: Session): void {
    this.#session = session;
  }

  /** The answer's JSON; undefined if it is empty. Throws `XrpcError`, `Unreachable`. */
  async json<T>(nsid: string, call: Call = {}): Promise<T> {
    return this.#withRetries(nsid, call, async (response) => {
      const text = await response.text();
      return (text === "" ? undefined : JSON.parse(text)) as T;
    });
  }

  /** The answer's bytes and media type. */
  async bytes(nsid: string, call: Call = {}): Promise<{ bytes: Uint8Array; type: string }> {
    return this.#withRetries(nsid, call, async (response) => ({
      bytes: new Uint8Array(await response.arrayBuffer()),
      type: response.headers.get("content-type") ?? "application/octet-stream",
    }));
  }

  /** Streams the answer's body to `take`; starts over if the connection breaks. */
  async stream(
    nsid: string,
    call: Call,
    take: (chunks: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void> {
    await this.#withRetries(nsid, call, async (response) => {
      if (response.body === null) throw new Unreachable(this.origin, "an empty answer");
      await take(chunksOf(response.body));
    });
  }

  async #withRetries<T>(nsid: string, call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const last = call.once === true || attempt >= ATTEMPTS;
      let wait = FIRST_PAUSE_MS * 2 ** (attempt - 1);
      try {
        const response = await this.#send(nsid, call);
        if (response.ok) return await read(response);
        const error = refusalOf(nsid, response.status, await response.text());
        const limit = response.status === 429 ? untilReset(response.headers) : null;
        const passing = limit !== null || response.status >= 500;
        if (!passing || last || (limit ?? 0) > MAX_WAIT_MS) throw error;
        if (limit !== null) {
          wait = limit;
          this.#options.onWait?.(`${this.origin} asks to wait`, wait);
        }
      } catch (thrown) {
        if (thrown instanceof XrpcError || this.#options.signal?.aborted) throw thrown;
        if (last) throw thrown instanceof Unreachable ? thrown : new Unreachable(this.origin, thrown);
      }
      await pause(wait, this.#options.signal);
    }
  }

  async #send(nsid: string, call: Call): Promise<Response> {
    const used = this.#session?.accessJwt;
    const response = await this.#fetch(nsid, call, call.authorization ?? (used ? `Bearer ${used}` : ""));
    if (call.authorization !== undefined || used === undefined) return response;
    if (response.status !== 400 && response.status !== 401) return response;
    const { error } = refusalOf(nsid, response.status, await response.clone().text());
    if (error !== "ExpiredToken") return response;
    await response.body?.cancel();
    if (this.#session?.accessJwt === used) {
      this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null));
      await this.#refreshing;
    }
    return this.#fetch(nsid, call, `Bearer ${this.#session?.accessJwt}`);
  }

  async #refresh(): Promise<void> {
    const nsid = "com.atproto.server.refreshSession";
    const response = await this.#fetch(nsid, { procedure: true }, `Bearer ${this.#session?.refreshJwt}`);
    const text = await response.text();
    if (!response.ok) throw refusalOf(nsid, response.status, text);
    this.#session = { ...this.#session, ...(JSON.parse(text) as Session) };
  }

  #fetch(nsid: string, call: Call, authorization: string): Promise<Response> {
    const url = new URL(`/xrpc/${nsid}`, this.origin);
    for (const [name, value] of Object.entries(call.params ?? {})) {
      if (value === undefined) continue;
      for (const each of [value].flat()) url.searchParams.append(name, String(each));
    }
    const headers: Record<string, string> = authorization === "" ? {} : { authorization };
    const { signal } = this.#options;
    const common = { headers, ...(signal === undefined ? {} : { signal }) };
    if (call.body !== undefined) {
      headers["content-type"] = call.body.type;
      return fetch(url, { ...common, method: "POST", body: call.body.bytes as BodyInit });
    }
    if (call.input !== undefined) {
      headers["content-type"] = "application/json";
      return fetch(url, { ...common, method: "POST", body: JSON.stringify(call.input) });
    }
    return fetch(url, { ...common, method: call.procedure === true ? "POST" : "GET" });
  }
}

function refusalOf(nsid: string, status: number, text: string): XrpcError {
  try {
    const { error = "Unknown", message = "" } = JSON.parse(text) as { error?: string; message?: string };
    return new XrpcError(nsid, status, error, message);
  } catch {
    return new XrpcError(nsid, status, "Unknown", text.slice(0, 200));
  }
}

/** Milliseconds that a 429 asks to wait, from either of the headers in use. */
function untilReset(headers: Headers): number {
  const after = Number(headers.get("retry-after"));
  if (after > 0) return after * 1000;
  const reset = Number(headers.get("ratelimit-reset"));
  return reset > 0 ? Math.max(1000, reset * 1000 - Date.now()) : 30_000;
}

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", done);
      resolve();
    }, ms);
    if (signal?.aborted) done();
    else signal?.addEventListener("abort", done, { once: true });
  });
}

/** The host's own message, without the call's name and the error's. */
export const wordsOf = ({ message }: XrpcError): string => message.replace(/^\S+: \d+ \w+: /, "");

/** Whether a host refused with one of these error names, or with any if none is given. */
export const refused = (thrown: unknown, ...errors: string[]): thrown is XrpcError =>
  thrown instanceof XrpcError && (errors.length === 0 || errors.includes(thrown.error));

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}
