/** How a deploy fails, and what to do about it: the same words at a terminal and in a build of Cloudflare's. */

const TOKENS = "https://dash.cloudflare.com/profile/api-tokens";

export const R2_NOT_ENABLED = [
  "R2 is not enabled in this account. Pictures and videos are kept there. Cloudflare asks for a card or PayPal once,",
  "even on the free plan, which has 10 GB; so nobody but you can enable it:",
  "  dashboard → R2 Object Storage → subscribe. Then deploy again.",
  "Or do without: npm run deploy -- --without-r2. Then they are kept in members' own objects (5 GB in all on the free",
  "plan), and backups need an S3 address. They can move to R2 later.",
].join("\n");

export const NO_D1_RIGHT = [
  "The token may not see the account's D1 databases. Either give it the right, and deploy again:",
  `  ${TOKENS} → the token (in a build of Cloudflare's: Worker → Settings → Build → API token) → add Account · D1 · Edit`,
  "or sign in with `npx wrangler login`, which has it; or put the databases' ids into wrangler.toml as `database_id`:",
  "  dashboard → Storage & databases → D1. A deploy with ids needs no right to D1: the Worker brings them up to date.",
].join("\n");

export const NO_R2_RIGHT = [
  "The token may not see the account's R2 buckets. Give it the right, and deploy again:",
  `  ${TOKENS} → the token → add Account · Workers R2 Storage · Edit`,
].join("\n");

export const NO_WORKERS_RIGHT = [
  "The token may not deploy Workers in this account. Give it the right, and deploy again:",
  `  ${TOKENS} → the token → add Account · Workers Scripts · Edit`,
].join("\n");

export const noSubdomain = (accountId: string): string =>
  [
    "This account has no name at workers.dev yet, and every Worker's first address is below it. Choose one:",
    `  https://dash.cloudflare.com/${accountId}/workers/onboarding`,
    "Then deploy again.",
  ].join("\n");

/** Wrangler's outputs and their meaning; the first that fits counts. */
const MEANINGS: readonly [RegExp, string][] = [
  [
    /More than one account available/,
    "Say which account: CLOUDFLARE_ACCOUNT_ID, or `account_id` in wrangler.toml.",
  ],
  [/R2 bucket '.*' not found|code: 10042|enable R2/i, R2_NOT_ENABLED],
  [
    /must have a "database_id" field|must have a valid `id`|references database ''|\/d1\/database[\s\S]*code: (10000|7403)/,
    NO_D1_RIGHT,
  ],
  [
    /code: 10181/,
    'wrangler.toml names a database that this account does not have. Make its `database_id` empty (""), and deploy again: it is then found by name, or made.',
  ],
  [
    /code: 7502/,
    "The account has a database of that name that could not be seen a moment ago. Deploy again.",
  ],
  [
    /code: 7406|maximum number of D1 databases/,
    "The account has as many D1 databases as its plan allows (ten on the free one). Delete one that nobody needs, or name two of them in wrangler.toml.",
  ],
  [
    /workers\.dev subdomain|code: 10063/,
    "This account has no name at workers.dev yet. Choose one in the dashboard, under Workers & Pages, and deploy again.",
  ],
  [
    /code: 10072|cron triggers/,
    "The account has no cron triggers left (five on the free plan; this host takes two). Remove one from another Worker.",
  ],
  [
    /fetch failed|ECONN|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|socket hang up|terminated/,
    "Cloudflare's API could not be reached. Deploy again once the network is back: every step may be repeated.",
  ],
  [/code: (10000|9109|7403)/, NO_WORKERS_RIGHT],
];

/** The failure in words, after what wrangler printed. */
export function explain(output: string): string {
  const [, words] = MEANINGS.find(([sign]) => sign.test(output)) ?? [];
  return (
    words ??
    "The deploy did not end well; wrangler says why above. Deploying again is safe: every step may be repeated."
  );
}
