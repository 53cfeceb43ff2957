/**
 * Resolves DIDs to documents: did:plc through the PLC directory, did:web through its well-known document.
 * Both are cached in D1 and in memory.
 */
import type { Did } from "@atcute/lexicons";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { Bindings } from "../protocol/stations.ts";
import {
  essentialDocument,
  parseDidDocument,
  pdsEndpoint,
  serviceEndpoint,
  verificationKey,
  type DidDocument,
} from "./did-document.ts";
import type { Directory } from "./directory.ts";
import { DOCUMENT_AGE } from "./identity-cache.ts";
import { fetchPublic } from "./outbound.ts";
import { askPlc, type PlcBindings } from "./plc/request.ts";

export interface ResolveOptions {
  /** Asks the source and ignores the cache: after a change, or when a signature does not verify. */
  fresh?: boolean;
}

/** Far more than any document has that atproto can use. */
const DOCUMENT_BYTES = 64 * 1024;

const didNotFound = (did: string) => new Refusal("DidNotFound", `Could not resolve DID: ${did}`);

export class DidResolver {
  readonly #env: PlcBindings & Pick<Bindings, "LOCAL">;
  readonly #directory: Directory;
  readonly #clock: () => number;

  constructor(
    env: PlcBindings & Pick<Bindings, "LOCAL">,
    directory: Directory,
    clock: () => number = Date.now,
  ) {
    this.#env = env;
    this.#directory = directory;
    this.#clock = clock;
  }

  /**
   * The parts of the document that atproto uses: cached for an hour, or for a day while its source cannot
   * be reached. Refuses DidNotFound, DidDeactivated, 502 UpstreamFailure.
   */
  async resolve(did: Did, { fresh = false }: ResolveOptions = {}): Promise<DidDocument> {
    const { cache } = this.#directory;
    const cached = await cache.document(did);
    const age = cached ? this.#clock() - cached.fetchedAt : Number.POSITIVE_INFINITY;
    if (cached && !fresh && age < DOCUMENT_AGE.fresh) return cached.value;
    try {
      const fetched = await this.#fetch(did);
      const document = essentialDocument(fetched) ?? fetched;
      await cache.setDocument(did, document);
      return document;
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      if (thrown.error !== "UpstreamFailure") {
        if (cached) await cache.setDocument(did, null);
      } else if (cached && !fresh && age < DOCUMENT_AGE.last) {
        return cached.value;
      }
      throw thrown;
    }
  }

  /** The document, or null when `resolve` refuses for any reason. */
  async find(did: Did, options?: ResolveOptions): Promise<DidDocument | null> {
    try {
      return await this.resolve(did, options);
    } catch (thrown) {
      if (isRefusal(thrown)) return null;
      throw thrown;
    }
  }

  /** The verification key `#<id>` as a did:key; null when there is none or the DID does not resolve. */
  async signingKey(did: Did, id = "atproto", options?: ResolveOptions): Promise<string | null> {
    const document = await this.find(did, options);
    return document && verificationKey(document, id);
  }

  /** URL of the service `#<id>`; null when there is none. Refuses like `resolve`. */
  async service(did: Did, fragment: string, options?: ResolveOptions): Promise<string | null> {
    return serviceEndpoint(await this.resolve(did, options), fragment);
  }

  /** Origin of the DID's PDS; null when it names none. Refuses like `resolve`. */
  async pds(did: Did, options?: ResolveOptions): Promise<string | null> {
    return pdsEndpoint(await this.resolve(did, options));
  }

  async #fetch(did: Did): Promise<DidDocument> {
    if (did.startsWith("did:plc:")) return this.#fetchPlc(did);
    if (did.startsWith("did:web:")) return this.#fetchWeb(did);
    throw new Refusal("DidNotFound", `Unsupported DID method: ${did}`);
  }

  async #fetchPlc(did: Did): Promise<DidDocument> {
    if (!/^did:plc:[a-z2-7]{24}$/.test(did)) throw didNotFound(did);
    const { status, body } = await askPlc(this.#env, `/${did}`);
    if (status === 410) throw new Refusal("DidDeactivated", `DID is deactivated: ${did}`);
    return documentFrom(did, status, body);
  }

  async #fetchWeb(did: Did): Promise<DidDocument> {
    const url = didWebUrl(did);
    if (url === null) throw didNotFound(did);
    let answer;
    try {
      answer = await fetchPublic(url, {
        local: this.#env.LOCAL === "1",
        maxBytes: DOCUMENT_BYTES,
        headers: { accept: "application/did+ld+json, application/json" },
      });
    } catch (thrown) {
      // A did:web at a forbidden address does not exist.
      if (isRefusal(thrown) && thrown.error === "InvalidRequest") throw didNotFound(did);
      throw thrown;
    }
    return documentFrom(did, answer.status, parseJson(answer.body));
  }
}

/**
 * The URL of a did:web's document (did:web method; atproto allows hostnames only, and a port and plain http
 * only for localhost). Null for other forms. `publicUrl` decides whether the address may be requested.
 */
export function didWebUrl(did: string): URL | null {
  const host = did.slice("did:web:".length).replace(/%3A/i, ":");
  if (!/^[a-zA-Z0-9.-]+(:\d{1,5})?$/.test(host)) return null;
  const scheme = /^localhost(:|$)/.test(host) ? "http" : "https";
  return URL.parse(`${scheme}://${host}/.well-known/did.json`);
}

function documentFrom(did: Did, status: number, body: unknown): DidDocument {
  if (status === 404 || status === 410) throw didNotFound(did);
  if (status !== 200) throw new Refusal("UpstreamFailure", `Could not resolve DID: ${did}`, 502);
  const document = parseDidDocument(did, body);
  if (document === null) throw didNotFound(did);
  return document;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
