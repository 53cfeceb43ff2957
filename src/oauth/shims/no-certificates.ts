/**
 * Replaces `@peculiar/x509` (`ALIASES` in `bundle.ts`). Passkeys are accepted without attestation
 * (`passkeys.ts`), so no certificate chain is ever checked; an authenticator that sends one anyway is
 * refused.
 */
class Unused {
  constructor() {
    throw new Error("attestation certificates are not checked here");
  }
}

export class X509Certificate extends Unused {}
export class X509ChainBuilder extends Unused {}
export class X509Crl extends Unused {}
export class AuthorityKeyIdentifierExtension extends Unused {}
export class CRLDistributionPointsExtension extends Unused {}
export class SubjectKeyIdentifierExtension extends Unused {}
