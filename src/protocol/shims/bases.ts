/**
 * Replaces `multiformats/basics` for `@atproto/crypto` (`WITHIN` in `bundle.ts`): of its bases, those that the
 * package names. All of it would bring CIDs, hashes and bases from 2 to 256 emoji a second time.
 */
import * as base16 from "multiformats/bases/base16";
import * as base32 from "multiformats/bases/base32";
import * as base58 from "multiformats/bases/base58";
import * as base64 from "multiformats/bases/base64";

export const bases = { ...base16, ...base32, ...base58, ...base64 };
