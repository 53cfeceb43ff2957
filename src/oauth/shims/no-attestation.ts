/**
 * Replaces the formats of attestation in `@simplewebauthn/server` that consist of certificates (`bundle.ts`).
 * Passkeys are asked for without (`passkeys.ts`); an authenticator that sends one anyway is refused. What is
 * left are no attestation, and one by the passkey's own key.
 */
const refuse = () => {
  throw new Error("attestation certificates are not checked here");
};

export {
  refuse as verifyAttestationAndroidKey,
  refuse as verifyAttestationAndroidSafetyNet,
  refuse as verifyAttestationApple,
  refuse as verifyAttestationFIDOU2F,
  refuse as verifyAttestationTPM,
};
