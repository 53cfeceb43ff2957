/** The algorithm that the provider claims to verify but workerd's cryptography does not support. */
export const MISSING_ALGORITHM = "ES256K";
