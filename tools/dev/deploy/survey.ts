/** Looks at an account before a deploy: what is there, what is missing, and what only its owner can do. */
import { LaunchError } from "../ports.ts";
import type { D1Binding, R2Binding, WranglerFile } from "../wrangler-file.ts";
import { CODES, type Cloudflare, type CloudflareAccount, isRefusal } from "./cloudflare.ts";
import { NO_D1_RIGHT, NO_R2_RIGHT, NO_WORKERS_RIGHT, R2_NOT_ENABLED, noSubdomain } from "./failures.ts";

interface Bound {
  name: string;
  type: string;
  id?: string;
  class_name?: string;
}

export interface Survey {
  /** Whether this host has been deployed to the account before. */
  isThere: boolean;
  /** Whether it has a code for /setup. */
  hasCode: boolean;
  /** Whether it has its files in R2. */
  hasBucket: boolean;
  /** Resources that have to be made. */
  databases: D1Binding[];
  buckets: R2Binding[];
}

/** Throws a `LaunchError` in words for whatever would make the deploy fail later, half way. */
export async function survey(
  api: Cloudflare,
  account: CloudflareAccount,
  file: WranglerFile,
): Promise<Survey> {
  const at = `/accounts/${account.id}`;
  const worker = await allowed(NO_WORKERS_RIGHT, () =>
    api.find<{ bindings: Bound[] }>(`${at}/workers/scripts/${file.name}/settings`, CODES.noWorker),
  );
  const bound = worker?.bindings ?? [];
  if (worker !== null && !isAtoll(bound, file))
    throw new LaunchError(
      `The account has a Worker named ${file.name} already, and it is not this host: a deploy would replace it. Choose another \`name\` in wrangler.toml.`,
    );
  const subdomain = await allowed(NO_WORKERS_RIGHT, () =>
    api.find(`${at}/workers/subdomain`, CODES.noWorker),
  );
  if (subdomain === null) throw new LaunchError(noSubdomain(account.id));
  const buckets = await missing(file.buckets, (bucket) =>
    allowed(NO_R2_RIGHT, () =>
      api.find(`${at}/r2/buckets/${bucket.name}`, CODES.noBucket, jurisdictionOf(bucket)),
    ),
  );
  // An id in the file means that the database exists: the deploy button has made it.
  const databases = await missing(
    file.databases.filter(({ id }) => id === null),
    ({ name }) =>
      allowed(`${NO_D1_RIGHT}${idsIn(bound)}`, () => api.find(`${at}/d1/database/${name}`, CODES.noDatabase)),
  );
  return {
    isThere: worker !== null,
    hasCode: bound.some(({ name, type }) => name === "SETUP_CODE" && type === "secret_text"),
    hasBucket: bound.some(({ type }) => type === "r2_bucket"),
    databases,
    buckets,
  };
}

/** Whether the bindings of a Worker are this host's: it has the objects that no other has. */
const isAtoll = (bound: readonly Bound[], { objects }: WranglerFile): boolean =>
  objects.some(({ binding, className }) =>
    bound.some(({ name, class_name }) => name === binding && class_name === className),
  );

/** The ids that the deployed Worker has, to be copied into wrangler.toml. */
function idsIn(bound: readonly Bound[]): string {
  const databases = bound.filter(({ type }) => type === "d1");
  if (databases.length === 0) return "";
  return [
    "",
    "This host's are:",
    ...databases.map(({ name, id }) => `  ${name}: database_id = "${id}"`),
  ].join("\n");
}

export const jurisdictionOf = ({ jurisdiction }: R2Binding): Record<string, string> =>
  jurisdiction === null ? {} : { "cf-r2-jurisdiction": jurisdiction };

async function missing<Item>(
  items: readonly Item[],
  find: (item: Item) => Promise<unknown>,
): Promise<Item[]> {
  const found = [];
  for (const item of items) if ((await find(item)) === null) found.push(item);
  return found;
}

/** Puts a refusal of the token in words. */
async function allowed<Result>(words: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (thrown) {
    if (isRefusal(thrown, CODES.r2NotEnabled)) throw new LaunchError(R2_NOT_ENABLED);
    if (isRefusal(thrown) && thrown.status === 403) throw new LaunchError(`${words}\n(${thrown.message})`);
    if (isRefusal(thrown)) throw new LaunchError(`Cloudflare refused: ${thrown.message}`);
    throw thrown;
  }
}
