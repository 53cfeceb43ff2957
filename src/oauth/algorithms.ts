/** What the provider believes that it can verify, and workerd's cryptography cannot. */
export const MISSING_ALGORITHM = "ES256K";
