/**
 * Resolves and verifies handles: which ones this host gives out, the DID of a handle, and whether the DID
 * claims it.
 */
import type { Did, Handle } from "@atcute/lexicons";
import { didsInTxt } from "../protocol/dns-answer.ts";
import { DISALLOWED_TLDS } from "../protocol/settings/domains.ts";
import { isDid, isHandle } from "../protocol/syntax.ts";
import { invalidRequest, isRefusal, Refusal } from "../protocol/refusal.ts";
import type { Bindings } from "../protocol/stations.ts";
import { claimedHandle, type DidDocument } from "./did-document.ts";
import type { DidResolver, ResolveOptions } from "./did.ts";
import type { Directory } from "./directory.ts";
import { INVALID_HANDLE } from "./member.ts";
import { HANDLE_AGE } from "./identity-cache.ts";
import { fetchPublic } from "./outbound.ts";
import { isReservedName } from "./reserved-handles.ts";

/** com.atproto.identity.defs#identityInfo */
export interface IdentityInfo {
  did: Did;
  handle: Handle;
  didDoc: DidDocument;
}

const DNS_OVER_HTTPS = "https://cloudflare-dns.com/dns-query";
const TIMEOUT_MS = 3_000;

const invalidHandle = (message: string) => new Refusal("InvalidHandle", message);
const unresolved = () => new Refusal("HandleNotFound", "Unable to resolve handle");

/**
 * The handle in lower case. Refuses InvalidHandle when it is not a handle or its top-level domain is
 * disallowed.
 */
export function normalizeHandle(handle: string): Handle {
  const lower = handle.toLowerCase();
  if (!isHandle(lower)) {
    throw invalidHandle("Input/handle must be a valid handle");
  }
  if (DISALLOWED_TLDS.includes(lower.slice(lower.lastIndexOf(".") + 1))) {
    throw invalidHandle("Handle TLD is invalid or disallowed");
  }
  return lower;
}

/**
 * Checks that `handle` may be given out below one of this host's domains: one label of 3 to 18 characters,
 * not a reserved name. Refuses InvalidHandle, HandleNotAvailable.
 */
export function checkServiceHandle(handle: Handle, domain: string, allowReserved = false): void {
  const name = handle.slice(0, -domain.length);
  if (name.includes(".")) throw invalidHandle("Invalid characters in handle");
  if (name.length < 3) throw invalidHandle("Handle too short");
  if (name.length > 18) throw invalidHandle("Handle too long");
  if (!allowReserved && isReservedName(name)) {
    throw reserved();
  }
}

const reserved = () => new Refusal("HandleNotAvailable", "Reserved handle");

/** The result of a network lookup of a handle. `unreachable` says nothing about the handle. */
type Lookup = Did | "none" | "unreachable";

export class HandleResolver {
  readonly #env: Pick<Bindings, "LOCAL">;
  readonly #directory: Directory;
  readonly #dids: DidResolver;
  readonly #domains: readonly string[];
  readonly #hostname: string | null;
  readonly #clock: () => number;

  /** `domains`: the host's own domains, each with its leading dot. `hostname`: its own name. */
  constructor(
    env: Pick<Bindings, "LOCAL">,
    directory: Directory,
    dids: DidResolver,
    domains: readonly string[],
    clock: () => number = Date.now,
    hostname: string | null = null,
  ) {
    this.#env = env;
    this.#directory = directory;
    this.#dids = dids;
    this.#domains = domains;
    this.#hostname = hostname;
    this.#clock = clock;
  }

  /** The host's domain that a handle belongs to, if any: the longest, where one is below another. */
  serviceDomain(handle: string): string | undefined {
    return this.#domains
      .filter((domain) => handle.endsWith(domain))
      .toSorted((a, b) => b.length - a.length)[0];
  }

  /**
   * The normalised handle, if an account may take it: one below the host's own domains that follows its
   * rules, or, for a known DID, an external handle that resolves to it. An admin may give out reserved names, and
   * the host's own.
   * Refuses InvalidHandle, HandleNotAvailable, UnsupportedDomain, InvalidRequest.
   */
  async validate(
    handle: string,
    { did, allowReserved = false }: { did?: Did | undefined; allowReserved?: boolean } = {},
  ): Promise<Handle> {
    const normalized = normalizeHandle(handle);
    const domain = this.serviceDomain(normalized);
    if (!allowReserved && this.#isOurName(normalized)) throw reserved();
    // This host answers for its own name, so that nobody else need be asked.
    if (normalized === this.#hostname) return normalized;
    if (domain !== undefined) {
      checkServiceHandle(normalized, domain, allowReserved);
      const name = normalized.slice(0, -domain.length);
      if (!allowReserved && (await this.#directory.reservedNames.has(name))) throw reserved();
      return normalized;
    }
    if (did === undefined) {
      throw new Refusal("UnsupportedDomain", "Not a supported handle domain");
    }
    const resolved = await this.#external(normalized, { fresh: true });
    if (resolved !== did) throw invalidRequest("External handle did not resolve to DID");
    return normalized;
  }

  /** Whether a name is the host's own, or one of its domains: neither is a member's. */
  #isOurName(name: string): boolean {
    return name === this.#hostname || this.#domains.some((domain) => name === domain.slice(1));
  }

  /**
   * Asks the network again who has a handle that is not under the host's domains: a DID, `none` if neither
   * DNS nor the domain's own host names one, or `unreachable` if one of them does not answer.
   */
  async recheck(handle: Handle): Promise<Lookup> {
    const answers = await Promise.all([this.#lookupDns(handle), this.#lookupHttps(handle)]);
    const found = answers.find(isDid) ?? (answers.includes("unreachable") ? "unreachable" : "none");
    if (found !== "unreachable")
      await this.#directory.cache.setHandle(handle, found === "none" ? null : found);
    return found;
  }

  /** The DID of a handle: members first, unless they are taken down, then the network. Refuses HandleNotFound. */
  async resolve(handle: string, options?: ResolveOptions): Promise<Did> {
    const did = await this.find(handle, options);
    if (did === null) throw unresolved();
    return did;
  }

  /** Like `resolve`, but null when nothing is found or the handle is invalid. */
  async find(handle: string, options?: ResolveOptions): Promise<Did | null> {
    const name = handle.toLowerCase();
    if (!isHandle(name)) return null;
    const member = await this.#directory.findByHandle(name);
    if (member?.status === "active") return member.did;
    if (member !== null && member.status !== "deactivated") return null;
    // Only this host is authoritative for its own domains. Apps resolve a handle before they ask for a
    // password, so a member who switched their account off could not come back without it.
    const isOurs = this.#domains.some((domain) => name.endsWith(domain) || name === domain.slice(1));
    return isOurs ? (member?.did ?? null) : this.#external(name, options);
  }

  /**
   * DID, document and handle, verified in both directions. When the DID does not claim the requested handle,
   * the handle is `handle.invalid`. Refuses HandleNotFound, InvalidHandle (a disallowed top-level domain),
   * DidNotFound, DidDeactivated, 502 UpstreamFailure.
   */
  async resolveIdentity(identifier: string, options?: ResolveOptions): Promise<IdentityInfo> {
    if (isDid(identifier)) {
      const didDoc = await this.#dids.resolve(identifier, options);
      return { did: identifier, handle: await this.verifiedHandle(didDoc, options), didDoc };
    }
    const did = await this.resolve(identifier, options);
    const didDoc = await this.#dids.resolve(did, options);
    const claims = claimedHandle(didDoc) === identifier.toLowerCase();
    return { did, handle: claims ? normalizeHandle(identifier) : INVALID_HANDLE, didDoc };
  }

  /** The handle that a document claims, if it resolves back to the document's DID; else `handle.invalid`. */
  async verifiedHandle(document: DidDocument, options?: ResolveOptions): Promise<Handle> {
    const handle = claimedHandle(document);
    if (handle === null) return INVALID_HANDLE;
    return (await this.find(handle, options)) === document.id ? handle : INVALID_HANDLE;
  }

  async #external(handle: Handle, { fresh = false }: ResolveOptions = {}): Promise<Did | null> {
    const { cache } = this.#directory;
    const cached = await cache.handle(handle);
    const age = cached ? this.#clock() - cached.fetchedAt : Number.POSITIVE_INFINITY;
    if (cached && !fresh && age < HANDLE_AGE.fresh) return cached.value;
    const found = await this.#lookup(handle);
    if (found === "unreachable") {
      return cached && !fresh && age < HANDLE_AGE.last ? cached.value : null;
    }
    const did = found === "none" ? null : found;
    if (did !== null || cached) await cache.setHandle(handle, did);
    return did;
  }

  /**
   * Asks DNS and the handle's own host at once; when both answer, DNS takes precedence (atproto handle spec).
   */
  async #lookup(handle: Handle): Promise<Lookup> {
    const [dns, wellKnown] = await Promise.all([this.#lookupDns(handle), this.#lookupHttps(handle)]);
    if (isDid(dns)) return dns;
    if (isDid(wellKnown)) return wellKnown;
    return dns === "none" || wellKnown === "none" ? "none" : "unreachable";
  }

  async #lookupDns(handle: Handle): Promise<Lookup> {
    const url = new URL(DNS_OVER_HTTPS);
    url.searchParams.set("name", `_atproto.${handle}`);
    url.searchParams.set("type", "TXT");
    return asking(async () => {
      const { status, body } = await fetchPublic(url, {
        local: false,
        timeoutMs: TIMEOUT_MS,
        maxBytes: 64 * 1024,
        headers: { accept: "application/dns-json" },
      });
      return status === 200 ? didInTxt(JSON.parse(new TextDecoder().decode(body))) : "unreachable";
    });
  }

  async #lookupHttps(handle: Handle): Promise<Lookup> {
    return asking(async () => {
      const { status, body } = await fetchPublic(`https://${handle}/.well-known/atproto-did`, {
        local: this.#env.LOCAL === "1",
        redirects: 3,
        timeoutMs: TIMEOUT_MS,
        maxBytes: 4 * 1024,
      });
      if (status >= 500) return "unreachable";
      const did = new TextDecoder().decode(body).split("\n", 1)[0]?.trim();
      return status === 200 && isDid(did) ? did : "none";
    });
  }
}

/**
 * Turns errors of a lookup into its result. An address that may not be requested means `none`; any other
 * refusal, or malformed JSON, means `unreachable`.
 */
async function asking(lookup: () => Promise<Lookup>): Promise<Lookup> {
  try {
    return await lookup();
  } catch (thrown) {
    if (isRefusal(thrown)) return thrown.error === "InvalidRequest" ? "none" : "unreachable";
    if (thrown instanceof SyntaxError) return "unreachable";
    throw thrown;
  }
}

/** The DID of the `did=` TXT records of a DNS-over-HTTPS answer; `none` when they disagree. */
function didInTxt(answer: unknown): Lookup {
  const dids = didsInTxt(answer);
  const [did] = dids;
  return new Set(dids).size === 1 && isDid(did) ? did : "none";
}
