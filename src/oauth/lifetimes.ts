/** How long a sign-in on a browser is valid, in milliseconds. */
export const SIGNED_IN_MS = 7 * 24 * 60 * 60_000;

/** The limit without "stay signed in", in milliseconds; closing the browser ends the sign-in earlier. */
export const ONCE_MS = 60 * 60_000;
