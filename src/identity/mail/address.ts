/** Checks e-mail addresses of members. */
import { invalidRequest } from "../../protocol/refusal.ts";

/** One @, text on both sides, a dot in the domain, no space. The confirmation mail checks the rest. */
const ADDRESS = /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/;
const MAX_LENGTH = 254;

/** Refuses InvalidRequest, with the message of the reference implementation. */
export function checkMailAddress(address: string): void {
  if (address.length > MAX_LENGTH || !ADDRESS.test(address)) {
    throw invalidRequest("This email address is not supported, please use a different email.");
  }
}
