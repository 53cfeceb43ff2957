/**
 * The authorization server: the official provider over our stores. Each request gets a new one, since the
 * provider keeps promises between calls, and a promise belongs to the request that made it. `clients.ts`
 * keeps what may be kept (client documents).
 */
import type { LexResolver, OAuthProvider } from "@atproto/oauth-provider/provider";
import type * as CoreModule from "./core.ts";
import { Accounts } from "./stores/accounts.ts";
import { ClientDocuments, clientCaches } from "./clients.ts";
import { derivedKey } from "./digest.ts";
import { SIGNED_IN_MS } from "./lifetimes.ts";
import { Lexicons } from "./stores/lexicons.ts";
import type { OAuthContext } from "./context.ts";
import { permissionSets } from "./permission-sets.ts";
import { Replays } from "./stores/replays.ts";
import { Requests } from "./stores/requests.ts";
import { Sessions } from "./stores/sessions.ts";
import { MISSING_ALGORITHM } from "./algorithms.ts";

type Core = typeof CoreModule;
/** The provider for one request, with the stores that the pages use too. */
export interface OAuthServer {
  core: Core;
  provider: OAuthProvider;
  accounts: Accounts;
  clients: ClientDocuments;
  sessions: Sessions;
}

export async function oauthServer(context: OAuthContext): Promise<OAuthServer> {
  const { host, database, secret, members, registration } = context;
  const core = await import("./core.ts");
  const accounts = new Accounts(database, members, host);
  const sessions = new Sessions(database, accounts);
  const key = await core.JoseKey.fromKeyLike(derivedKey(secret, "access token"), "host", "HS256");
  const provider = new core.OAuthProvider({
    issuer: host.origin,
    keyset: [key],
    dpopSecret: derivedKey(secret, "dpop nonce"),
    accessTokenMode: core.AccessTokenMode.stateful,
    authenticationMaxAge: SIGNED_IN_MS,
    accountStore: accounts,
    // The pages remember browsers, and stores secrets as digests only.
    deviceStore: { createDevice: unused, readDevice: () => null, updateDevice: unused, deleteDevice: unused },
    lexiconStore: new Lexicons(database),
    requestStore: new Requests(database, {
      tooLong: (what) => new core.InvalidRequestError(`The ${what} is too long`),
      tooMany: () => new core.OAuthError("temporarily_unavailable", "Too many sign-ins are under way", 503),
    }),
    tokenStore: sessions,
    replayStore: new Replays(database),
    ...clientCaches,
    safeFetch: context.safeFetch,
    lexResolver: permissionSets(context, core.LexResolverError) as LexResolver,
    metadata: { protected_resources: [host.origin] },
    inviteCodeRequired: registration !== "open",
    availableUserDomains: [...host.handleDomains],
  });
  forgetMissingAlgorithms(provider);
  const clients = new ClientDocuments(core, provider, context.safeFetch);
  return { core, provider, accounts, clients, sessions };
}

/**
 * Removes K-256 from the metadata: the provider claims what it could verify on Node, but workerd does not
 * support it. Clients pick another algorithm.
 */
function forgetMissingAlgorithms({ metadata }: OAuthProvider): void {
  for (const algorithms of [
    metadata.dpop_signing_alg_values_supported,
    metadata.token_endpoint_auth_signing_alg_values_supported,
    metadata.request_object_signing_alg_values_supported,
  ]) {
    const at = algorithms?.indexOf(MISSING_ALGORITHM) ?? -1;
    if (at >= 0) algorithms?.splice(at, 1);
  }
}

const unused = () => {};
