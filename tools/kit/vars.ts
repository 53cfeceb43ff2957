/** How a test's hosts may be configured. */

/** As the `[vars]` of a deploy, with defaults that fit a test. */
export interface HostVars {
  /** Who may sign up: `open` (default), with an `invite` code, or nobody (`closed`). */
  REGISTRATION?: "open" | "invite" | "closed";
  /** `off` (default) or `on`. */
  RATE_LIMITS?: "on" | "off";
  /** `local` (default): the host's own AppView; else the `did#service` of an upstream one. */
  APPVIEW?: string;
  /** Comma-separated origins that are asked to crawl; default none. */
  RELAYS?: string;
  /** Comma-separated domains of members' handles, each with its leading dot. */
  HANDLE_DOMAINS?: string;
  /** Where the host says it is served; default: where it is. */
  PUBLIC_URL?: string;
  /** DID of a moderation service whose service tokens act as a moderator's. */
  MOD_SERVICE?: string;
  /** Largest blob, in bytes; default 5 MiB, as the reference PDS has it. */
  BLOB_LIMIT?: string;
  /** What the community is called on its pages; default: the host's name. */
  HOST_NAME?: string;
  /** Its colour there, `#rrggbb`. */
  HOST_COLOR?: string;
  /** Default: random, see `host.adminPassword`. */
  ADMIN_PASSWORD?: string;
}
