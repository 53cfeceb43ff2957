/** How long a sign-in on a browser counts, in milliseconds. */
export const SIGNED_IN_MS = 7 * 24 * 60 * 60_000;

/** Without "stay signed in", it lasts as long as the browser is open, and no longer than this. */
export const ONCE_MS = 60 * 60_000;
