/**
 * Calls another service: forwards a member's request, or sends a query of this host's own that the answer
 * needs. Requests in a member's name are signed by their key. Only public addresses are called and no
 * redirect is followed; time and size are limited.
 */
import type { Did } from "@atcute/lexicons";
import { isDid } from "@atcute/lexicons/syntax";
import { at, textOf } from "../../protocol/json.ts";
import { serviceEndpoint } from "../../identity/did-document.ts";
import { fetchPublic, publicUrl } from "../../identity/outbound.ts";
import { Refusal, invalidRequest, must } from "../../protocol/refusal.ts";
import { issueServiceToken } from "../server/service-tokens.ts";
import type { Services } from "../server/services.ts";
import { answer, failure, nameOf, ourStatus, parsed } from "./upstream-answer.ts";

/** Request headers for the other service, sent with forwarded requests and with this host's own queries. */
const ABOUT_READER = ["accept-language", "atproto-accept-labelers", "x-bsky-topics"];
const ABOUT_BODY = ["content-type", "content-encoding"];

/**
 * The reference's limits, except that its timeout restarts with each part of an answer; here it covers the
 * whole.
 */
const TIMEOUT_MS = 30_000;
/** Limits for a query of this host's own, which adds to the member's waiting time. */
const QUESTION_MS = 5_000;
const QUESTION_BYTES = 2 * 1024 * 1024;

/** The audience and the method that a token is for. */
interface Grant {
  aud: string;
  lxm: string;
}

/** A service of an account or a host, as its DID document has it. */
export interface ServiceName {
  did: string;
  service: string;
}

export class Upstream {
  readonly did: string;
  readonly #service: string;
  readonly #member: Did | null;
  readonly #request: Request;
  readonly #services: Services;
  #found: string | null = null;

  /**
   * @param to the service to call
   * @param asker the member in whose name, if any, and the request that causes the call
   */
  constructor(to: ServiceName, asker: { member: Did | null; request: Request; services: Services }) {
    const { member, request, services } = asker;
    this.did = to.did;
    this.#service = to.service;
    this.#member = member;
    this.#request = request;
    this.#services = services;
  }

  /**
   * Forwards the request, signed by the member if there is a grant. Refuses InvalidRequest if the service
   * does not exist, 502 UpstreamFailure.
   */
  async forward(url: URL, grant: Grant | null, timeoutMs = TIMEOUT_MS): Promise<Response> {
    const [endpoint, signature] = await Promise.all([this.#endpoint(), this.#signature(grant)]);
    const address = publicUrl(new URL(`${url.pathname}${url.search}`, endpoint), this.#services.host.local);
    const { method, body } = this.#request;
    const upstream = await fetch(address, {
      method,
      headers: { ...signature, ...this.#headers([...ABOUT_READER, ...ABOUT_BODY]) },
      body: method === "POST" ? body : null,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => {
      throw failure("The service could not be reached");
    });
    return answer(upstream);
  }

  /**
   * Sends a query of this host's own and returns the answer. Refuses with the service's own error name, or
   * with 502 UpstreamFailure.
   * @param signed whether to sign in the member's name
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
