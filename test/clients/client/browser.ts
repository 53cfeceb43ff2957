/**
 * `fetch` for a page of another origin (Fetch standard, "CORS protocol"). A request that is not simple needs
 * a preflight. An answer that does not allow the page is an error. Scripts see only exposed headers. Every
 * exchange is kept, and each answer is checked against its lexicon.
 */
import { outputProblem } from "./lexicons.ts";

export interface Exchange {
  nsid: string;
  method: string;
  /** As sent, lower-case names. */
  headers: Headers;
  status: number;
  /** JSON, or null for anything else. */
  body: unknown;
  /** What the lexicon does not allow in the answer; null if the answer is valid. */
  problem: string | null;
}

const SIMPLE_HEADERS = new Set(["accept", "accept-language", "content-language"]);
const SIMPLE_TYPES = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/;
const READABLE = new Set(["cache-control", "content-language", "content-length", "content-type", "expires"]);

export class Browser {
  readonly exchanges: Exchange[] = [];
  readonly #page: string;
  /** Preflights that were allowed; browsers cache them, too. */
  readonly #allowed = new Set<string>();

  /** @param page the origin of the calling page */
  constructor(page = "https://client.example.com") {
    this.#page = page;
  }

  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    await this.#preflight(request);
    const headers = new Headers(request.headers);
    headers.set("origin", this.#page);
    const body = request.method === "POST" ? await request.arrayBuffer() : null;
    const response = await fetch(request.url, { method: request.method, headers, body });
    if (response.headers.get("access-control-allow-origin") !== "*") {
      throw new TypeError(`${request.url}: the answer does not allow ${this.#page}`);
    }
    const bytes = await response.arrayBuffer();
    this.#keep(request, response, bytes);
    return new Response(bytes, { status: response.status, headers: readable(response.headers) });
  };

  /** The exchanges since `mark`, by default all. */
  since(mark = 0): Exchange[] {
    return this.exchanges.slice(mark);
  }

  async #preflight({ url, method, headers }: Request): Promise<void> {
    const asked = [...headers].filter(([name, value]) => !isSimple(name, value)).map(([name]) => name);
    if (asked.length === 0) return;
    const key = `${method} ${new URL(url).pathname} ${asked.join()}`;
    if (this.#allowed.has(key)) return;
    const answer = await fetch(url, {
      method: "OPTIONS",
      headers: {
        origin: this.#page,
        "access-control-request-method": method,
        "access-control-request-headers": asked.join(","),
      },
    });
    const allowed = listed(answer.headers, "access-control-allow-headers");
    // The wildcard covers every header except authorization.
    const refused = asked.filter(
      (name) => !allowed.has(name) && (name === "authorization" || !allowed.has("*")),
    );
    const methods = listed(answer.headers, "access-control-allow-methods");
    if (!answer.ok || refused.length > 0 || !methods.has(method.toLowerCase())) {
      throw new TypeError(`${url}: no preflight for ${method} with ${refused.join()}`);
    }
    this.#allowed.add(key);
  }

  #keep(request: Request, response: Response, bytes: ArrayBuffer): void {
    const nsid = new URL(request.url).pathname.replace("/xrpc/", "");
    const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
    const body: unknown = isJson ? JSON.parse(new TextDecoder().decode(bytes)) : null;
    const { method, headers } = request;
    const problem = response.ok ? outputProblem(nsid, body) : errorProblem(body);
    this.exchanges.push({ nsid, method, headers, status: response.status, body, problem });
  }
}

function isSimple(name: string, value: string): boolean {
  return name === "content-type" ? SIMPLE_TYPES.test(value) : SIMPLE_HEADERS.has(name);
}

const listed = (headers: Headers, name: string) =>
  new Set((headers.get(name) ?? "").split(",").map((one) => one.trim().toLowerCase()));

function readable(headers: Headers): Headers {
  const exposed = listed(headers, "access-control-expose-headers");
  return new Headers([...headers].filter(([name]) => READABLE.has(name) || exposed.has(name)));
}

/** An error must have a name and a message (XRPC, "Error Responses"). */
function errorProblem(body: unknown): string | null {
  const { error, message } = (body ?? {}) as { error?: unknown; message?: unknown };
  return typeof error === "string" && typeof message === "string" ? null : "no error name and message";
}
