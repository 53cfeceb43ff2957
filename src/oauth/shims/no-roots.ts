/**
 * Replaces the root certificates of `@simplewebauthn/server` (`WITHIN` in `bundle.ts`): passkeys are accepted
 * without attestation (`no-certificates.ts`), so no chain ends at one.
 */
export const Apple_WebAuthn_Root_CA = "";
export const GlobalSign_Root_CA = "";
export const GlobalSign_Root_CA_R3 = "";
export const GlobalSign_Root_R46 = "";
export const Google_Hardware_Attestation_Root_1 = "";
export const Google_Hardware_Attestation_Root_2 = "";
export const Google_Hardware_Attestation_Root_3 = "";
export const Google_Hardware_Attestation_Root_4 = "";
