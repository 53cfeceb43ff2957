/**
 * Client metadata documents, fetched before the provider asks for them: its own fetch needs a `Request` that
 * refuses redirects, which workerd does not have. The provider's own rules check each document, and the
 * isolate caches it in memory for ten minutes (the provider's default).
 */
import type { OAuthProvider } from "@atproto/oauth-provider/provider";
import type * as CoreModule from "./core.ts";
import { Memory } from "./memory.ts";

type Core = typeof CoreModule;
type Options = ConstructorParameters<typeof OAuthProvider>[0];
type MetadataCache = NonNullable<Options["clientMetadataCache"]>;
type JwksCache = NonNullable<Options["clientJwksCache"]>;
type Metadata = NonNullable<Awaited<ReturnType<MetadataCache["get"]>>>;
type Jwks = NonNullable<Awaited<ReturnType<JwksCache["get"]>>>;

const KEPT_MAX = 200;
const KEPT_MS = 10 * 60_000;
/** Most characters of a document: with `KEPT_MAX`, a few megabytes of memory at most. */
const DOCUMENT_MAX = 32_768;

const documents = new Memory<Metadata>(KEPT_MAX, KEPT_MS);
const keys = new Memory<Jwks>(KEPT_MAX, KEPT_MS);

/** Both caches, under the names of the provider's options. */
export const clientCaches = { clientMetadataCache: documents, clientJwksCache: keys };

/**
 * Removes `key_ops`: published keys list every operation of their kind, and workerd rejects a key that lists
 * one its algorithm does not support. Keys are only used to verify here.
 */
function verifying<Published extends { keys: readonly { key_ops?: unknown }[] }>(jwks: Published): Published {
  return { ...jwks, keys: jwks.keys.map(({ key_ops: _ops, ...key }) => key) };
}

export class ClientDocuments {
  readonly #core: Core;
  readonly #provider: OAuthProvider;
  readonly #fetch: typeof globalThis.fetch;

  constructor(core: Core, provider: OAuthProvider, safeFetch: typeof globalThis.fetch) {
    this.#core = core;
    this.#provider = provider;
    this.#fetch = safeFetch;
  }

  /**
   * Loads a client's document and its keys into the cache. Refuses `invalid_client_metadata` if they cannot
   * be fetched or are invalid. Ignores a client id that is no https address: the provider judges it.
   */
  async prepare(clientId: unknown): Promise<void> {
    if (typeof clientId !== "string" || !clientId.startsWith("https:")) return;
    try {
      const url = new URL(clientId).href;
      const metadata = documents.get(url) ?? (await this.#document(url));
      const jwksUri = metadata.jwks_uri;
      if (jwksUri !== undefined && keys.get(jwksUri) === undefined) await this.#keys(jwksUri);
    } catch (thrown) {
      throw this.#core.InvalidClientMetadataError.from(
        thrown,
        `Unable to obtain client metadata for "${clientId}"`,
      );
    }
  }

  async #document(url: string): Promise<Metadata> {
    const metadata = this.#core.oauthClientMetadataSchema.parse(await this.#json(url));
    // Protected, since the provider expects to do the fetching itself; this applies its rules all the same.
    const { jwks, ...checked } = this.#provider.clientManager["validateClientMetadata"](url, metadata);
    const usable = jwks === undefined ? checked : { ...checked, jwks: verifying(jwks) };
    documents.set(url, usable);
    return usable;
  }

  async #keys(url: string): Promise<void> {
    keys.set(url, verifying(this.#core.jwksPubSchema.parse(await this.#json(url))));
  }

  /**
   * Refuses any status but 200, any other media type, redirects, and long documents
   * (draft-ietf-oauth-client-id-metadata-document, section 4.1).
   */
  async #json(url: string): Promise<unknown> {
    const response = await this.#fetch(url, { headers: { accept: "application/json" } });
    if (response.status !== 200) throw new TypeError(`${url} answered with status ${response.status}`);
    const type = (response.headers.get("content-type") ?? "").split(";")[0]?.trim();
    if (type !== "application/json") throw new TypeError(`${url} is not application/json`);
    const text = await response.text();
    if (text.length > DOCUMENT_MAX) throw new TypeError(`${url} is longer than ${DOCUMENT_MAX} characters`);
    return JSON.parse(text);
  }
}
