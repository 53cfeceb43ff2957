/**
 * The protocol logic of the official provider. The station imports the package at run time only through this
 * file, which is always loaded lazily: a host that nobody signs in to by OAuth pays nothing for it.
 * (`verifier.ts` imports the little it needs by itself.)
 */
export { OAuthProvider, AccessTokenMode, LexResolverError } from "@atproto/oauth-provider/provider";
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
