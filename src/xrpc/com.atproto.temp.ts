/** `com.atproto.temp.*`: temporary methods that clients still call. */
import { ComAtprotoTempCheckSignupQueue } from "@atcute/atproto";
import { STANDARD, session } from "./server/policies.ts";
import { method } from "./server/method.ts";

export const comAtprotoTemp = [
  // This host has no sign-up queue.
  method(
    ComAtprotoTempCheckSignupQueue,
    session({ scopes: [...STANDARD, "com.atproto.signupQueued"] }),
    () => ({ activated: true }),
  ),
];
