/**
 * The protocol's own logic, from the official provider. Everything of the package that is needed at run time comes
 * through this one file, which is only ever imported lazily: a host that nobody signs in to by OAuth pays nothing for it.
 */
export {
  OAuthProvider,
  AccessTokenMode,
  LexResolver,
  LexResolverError,
} from "@atproto/oauth-provider/provider";
export {
  AccessDeniedError,
  AuthorizationError,
  InvalidClientError,
  InvalidClientMetadataError,
  InvalidGrantError,
  InvalidRequestError,
  OAuthError,
  WWWAuthenticateError,
} from "@atproto/oauth-provider/errors";
export {
  oauthAuthorizationRequestParSchema,
  oauthAuthorizationRequestQuerySchema,
  oauthClientCredentialsSchema,
  oauthClientMetadataSchema,
  oauthTokenIdentificationSchema,
  oauthTokenRequestSchema,
} from "@atproto/oauth-types";
export { JoseKey } from "@atproto/jwk-jose";
export { jwksPubSchema } from "@atproto/jwk";
