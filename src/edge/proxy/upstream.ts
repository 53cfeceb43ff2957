/**
 * Another service, asked in a member's name: their request passed on as it came, or a question of this host's own that
 * its answer needs. Signed by the member's key; to public addresses only; no redirect followed; so long and so much.
 */
import type { Did } from "@atcute/lexicons";
import { isDid } from "@atcute/lexicons/syntax";
import { at, textOf } from "../../protocol/json.ts";
import { serviceEndpoint } from "../../identity/did-document.ts";
import { fetchPublic, publicUrl } from "../../identity/outbound.ts";
import { Refusal, invalidRequest, must } from "../../protocol/refusal.ts";
import { issueServiceToken } from "../../xrpc/server/service-auth.ts";
import type { Services } from "../../xrpc/server/services.ts";

/** What of a request concerns the other service, whether it is passed on or asked something for it. */
const ABOUT_READER = ["accept-language", "atproto-accept-labelers", "x-bsky-topics"];
const ABOUT_BODY = ["content-type", "content-encoding"];
// The runtime has decoded the body, and finds its length itself.
const RETURNED_OF_BODY = ["content-type", "content-language"];
const RETURNED = ["atproto-repo-rev", "atproto-content-labelers", "retry-after"];

/** The reference's limits, but that its patience begins anew with every part of an answer; here it is for the whole. */
const TIMEOUT_MS = 30_000;
const MAX_BYTES = 10 * 1024 * 1024;
/** For a question of our own, which the member waits for on top. */
const QUESTION_MS = 5_000;
const QUESTION_BYTES = 2 * 1024 * 1024;

/** What a status is called where its body does not say (the reference's names). */
const ERROR_NAMES: Readonly<Record<number, string>> = {
  401: "AuthenticationRequired",
  403: "Forbidden",
  404: "XRPCNotSupported",
  413: "PayloadTooLarge",
  429: "RateLimitExceeded",
  501: "MethodNotImplemented",
  503: "NotEnoughResources",
  504: "UpstreamTimeout",
};

const failure = (message: string) => new Refusal("UpstreamFailure", message, 502);

export const isJsonType = (type: string | null): boolean =>
  /^application\/(?:\w+\+)?json\b/i.test(type ?? "");

/** Whom a token is for, and for which method. */
interface Grant {
  aud: string;
  lxm: string;
}

export class Upstream {
  readonly did: string;
  readonly #service: string;
  readonly #member: Did | null;
  readonly #request: Request;
  readonly #services: Services;
  #found: string | null = null;

  /**
   * @param to The `did#service` that is asked.
   * @param asker In whose name, if anybody's, and because of which request.
   */
  constructor(
    to: { did: string; service: string },
    asker: { member: Did | null; request: Request; services: Services },
  ) {
    const { member, request, services } = asker;
    this.did = to.did;
    this.#service = to.service;
    this.#member = member;
    this.#request = request;
    this.#services = services;
  }

  /**
   * Passes the request on, signed by the member if a token is to be granted. Refuses InvalidRequest where there is no
   * such service, 502 UpstreamFailure.
   */
  async forward(url: URL, grant: Grant | null): Promise<Response> {
    const [endpoint, signature] = await Promise.all([this.#endpoint(), this.#signature(grant)]);
    const address = publicUrl(new URL(`${url.pathname}${url.search}`, endpoint), this.#services.host.local);
    const { method, body } = this.#request;
    const upstream = await fetch(address, {
      method,
      headers: { ...signature, ...this.#headers([...ABOUT_READER, ...ABOUT_BODY]) },
      body: method === "POST" ? body : null,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => {
      throw failure("The service could not be reached");
    });
    return answer(upstream);
  }

  /**
   * The answer to a query of our own. Refuses what the service refuses, by its name, and 502 UpstreamFailure.
   * @param signed in the member's name; else nobody's.
   */
  async ask(nsid: string, params: Record<string, string | string[]>, signed = true): Promise<unknown> {
    const grant = signed ? { aud: this.did, lxm: nsid } : null;
    const [endpoint, signature] = await Promise.all([this.#endpoint(), this.#signature(grant)]);
    const address = new URL(`/xrpc/${nsid}`, endpoint);
    for (const [name, values] of Object.entries(params)) {
      for (const value of [values].flat()) address.searchParams.append(name, value);
    }
    const { status, body } = await fetchPublic(address, {
      local: this.#services.host.local,
      headers: { ...signature, ...this.#headers(ABOUT_READER) },
      timeoutMs: QUESTION_MS,
      maxBytes: QUESTION_BYTES,
    });
    const value = parsed(body);
    if (status === 200 && value !== undefined) return value;
    if (status < 400) throw failure("The service answered with something else");
    const message = textOf(at(value, "message")) ?? "The service refused";
    throw new Refusal(textOf(at(value, "error")) ?? nameOf(status), message, ourStatus(status));
  }

  async #endpoint(): Promise<string> {
    return (this.#found ??= await this.#find());
  }

  async #find(): Promise<string> {
    const document = isDid(this.did) ? await this.#services.dids.find(this.did) : null;
    if (document === null) throw invalidRequest("could not resolve proxy did");
    const endpoint = serviceEndpoint(document, `#${this.#service}`);
    if (endpoint === null) throw invalidRequest("could not resolve proxy did service url");
    return endpoint;
  }

  async #signature(grant: Grant | null): Promise<{ authorization?: string }> {
    if (grant === null) return {};
    const member = must(this.#member, "member in whose name a token is made");
    return { authorization: `Bearer ${await issueServiceToken(this.#services, member, grant)}` };
  }

  #headers(names: string[]): Record<string, string> {
    return Object.fromEntries(
      names.flatMap((name) => {
        const value = this.#request.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
  }
}

/** An upstream's own failure is not ours: its 500 is a 502 here. */
const ourStatus = (status: number) => (status === 500 ? 502 : status);

const nameOf = (status: number) =>
  ERROR_NAMES[status] ?? (status < 500 ? "InvalidRequest" : "UpstreamFailure");

/** As the member gets it. Refuses 502 UpstreamFailure a redirect, and a body that announces too much. */
async function answer(upstream: Response): Promise<Response> {
  const { body, status } = upstream;
  const refuse = async (message: string) => {
    await body?.cancel();
    return failure(message);
  };
  if (status >= 300 && status < 400) throw await refuse("The service answered with a redirect");
  if (body !== null && Number(upstream.headers.get("content-length") ?? 0) > MAX_BYTES) {
    throw await refuse("The answer is too long");
  }
  const headers = new Headers();
  copy(RETURNED, upstream.headers, headers);
  if (status >= 400 && !isJsonType(upstream.headers.get("content-type"))) {
    // A page that says so is for a browser, not for a client.
    await body?.cancel();
    headers.set("content-type", "application/json; charset=utf-8");
    const error = { error: nameOf(ourStatus(status)), message: `The service answered with status ${status}` };
    return new Response(JSON.stringify(error), { status: ourStatus(status), headers });
  }
  copy(RETURNED_OF_BODY, upstream.headers, headers);
  return new Response(body?.pipeThrough(counting(MAX_BYTES)) ?? null, { status: ourStatus(status), headers });
}

function copy(names: string[], from: Headers, to: Headers): void {
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) to.set(name, value);
  }
}

/** Passes bytes on, and breaks off past `most` of them: whoever reads must not take the part for the whole. */
function counting(most: number): TransformStream<Uint8Array, Uint8Array> {
  let size = 0;
  return new TransformStream({
    transform(chunk, controller) {
      size += chunk.byteLength;
      if (size > most) controller.error(new Error("the answer is too long"));
      else controller.enqueue(chunk);
    },
  });
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
