/**
 * The documents by which apps introduce themselves, fetched before the provider asks for them: its own way needs a
 * `Request` that refuses redirects, which workerd has not. What was fetched is checked by the provider's own rules, and
 * believed for ten minutes (its default), in the memory of the isolate.
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

const KEPT_MAX = 500;
const KEPT_MS = 10 * 60_000;

const documents = new Memory<Metadata>(KEPT_MAX, KEPT_MS);
const keys = new Memory<Jwks>(KEPT_MAX, KEPT_MS);

/** The same two, as the provider looks into them. */
export const clientCaches = { clientMetadataCache: documents, clientJwksCache: keys };

/**
 * Published keys name all that a key of their kind could do; workerd imports none for what its algorithm cannot. Here they
 * verify, and nothing else.
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
   * Has the document of a client at hand, and its keys. Refuses `invalid_client_metadata` where they cannot be had or are
   * not right. Does nothing for a client id that is no https address: the provider judges it.
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
    // Protected, since nobody else was meant to fetch; the rules are the provider's all the same.
    const { jwks, ...checked } = this.#provider.clientManager["validateClientMetadata"](url, metadata);
    const usable = jwks === undefined ? checked : { ...checked, jwks: verifying(jwks) };
    documents.set(url, usable);
    return usable;
  }

  async #keys(url: string): Promise<void> {
    keys.set(url, verifying(this.#core.jwksPubSchema.parse(await this.#json(url))));
  }

  /** Refuses another status, another type and a redirect (draft-ietf-oauth-client-id-metadata-document, section 4.1). */
  async #json(url: string): Promise<unknown> {
    const response = await this.#fetch(url, { headers: { accept: "application/json" } });
    if (response.status !== 200) throw new TypeError(`${url} answered with status ${response.status}`);
    const type = (response.headers.get("content-type") ?? "").split(";")[0]?.trim();
    if (type !== "application/json") throw new TypeError(`${url} is not application/json`);
    return response.json();
  }
}
