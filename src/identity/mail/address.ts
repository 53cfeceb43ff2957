/** Which e-mail addresses a member may have. */
import { invalidRequest } from "../../protocol/refusal.ts";

/** One @, something on both sides, a dot in the domain, no space: the rest is for the confirmation mail to find out. */
const ADDRESS = /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/;
const MAX_LENGTH = 254;

/** Refuses InvalidRequest, in the reference's words. */
export function checkMailAddress(address: string): void {
  if (address.length > MAX_LENGTH || !ADDRESS.test(address)) {
    throw invalidRequest("This email address is not supported, please use a different email.");
  }
}
