/** Configuration of a test's hosts. */

/** The vars and secrets of a deploy, with defaults that fit a test. */
export interface HostVars {
  /** Whether sign-up is `open` (default), needs an `invite` code, or is `closed`. */
  REGISTRATION?: "open" | "invite" | "closed";
  /** `off` (default) or `on`. */
  RATE_LIMITS?: "on" | "off";
  /** `local` (default) for the host's own AppView, or the `did#service` of an upstream one. */
  APPVIEW?: string;
  /** Comma-separated origins of relays to ask for a crawl; default: none. */
  RELAYS?: string;
  /** Comma-separated domains of members' handles, each with a leading dot. */
  HANDLE_DOMAINS?: string;
  /** The host's public origin; default: where it listens. */
  PUBLIC_URL?: string;
  /** DID of a moderation service whose service tokens have a moderator's rights. */
  MOD_SERVICE?: string;
  /** Largest blob, in bytes; default: 5 MiB, as in the reference PDS. */
  BLOB_LIMIT?: string;
  /** The community's name on its pages; default: the host's name. */
  HOST_NAME?: string;
  /** The community's colour on its pages, `#rrggbb`. */
  HOST_COLOR?: string;
  /** Default: random; see `TestHost.adminPassword`. */
  ADMIN_PASSWORD?: string;
}
