/**
 * Replaces `reflect-metadata` (`ALIASES` in `bundle.ts`), which `@simplewebauthn/server` loads for the
 * certificates that are not checked here.
 */
export {};
