/** `com.atproto.temp.*`: what clients ask although it was never meant to last. */
import { ComAtprotoTempCheckSignupQueue } from "@atcute/atproto";
import { STANDARD, session } from "./server/policies.ts";
import { method } from "./server/method.ts";

export const comAtprotoTemp = [
  // Nobody waits in a queue here.
  method(
    ComAtprotoTempCheckSignupQueue,
    session({ scopes: [...STANDARD, "com.atproto.signupQueued"] }),
    () => ({ activated: true }),
  ),
];
