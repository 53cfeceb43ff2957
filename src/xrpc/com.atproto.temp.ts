/** `com.atproto.temp.*`: what clients ask although it was never meant to last. */
import { ComAtprotoTempCheckSignupQueue } from "@atcute/atproto";
import { STANDARD, session } from "./auth.ts";
import { method } from "./method.ts";

export const comAtprotoTemp = [
  // Nobody waits in a queue here.
  method(
    ComAtprotoTempCheckSignupQueue,
    session({ scopes: [...STANDARD, "com.atproto.signupQueued"] }),
    () => ({ activated: true }),
  ),
];
