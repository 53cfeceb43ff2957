/**
 * The parts of their library that passkeys need: of a package that is imported late, a bundle has all that
 * it exports.
 */
export {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
