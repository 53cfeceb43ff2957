/** A project and the accounts that it may be deployed to, for one rehearsal. */
import { Account, type AccountOptions, type Worker } from "./cloudflare/account.ts";
import { type CloudflareApi, startCloudflare } from "./cloudflare/api.ts";
import { type Project, copyProject } from "./project.ts";

export interface Stage extends AsyncDisposable {
  readonly account: Account;
  readonly api: CloudflareApi;
  readonly project: Project;
  /** What serves under the name; throws if nothing does. */
  worker(name?: string): Worker;
}

/** With several, the first account is `account`. */
export async function setStage(...given: readonly AccountOptions[]): Promise<Stage> {
  const accounts = (given.length === 0 ? [{}] : given).map((options) => new Account(options));
  const [account = new Account()] = accounts;
  const api = await startCloudflare(accounts);
  const project = copyProject(api.url);
  return {
    account,
    api,
    project,
    worker(name = "atoll") {
      const worker = account.workers.get(name);
      if (worker === undefined) throw new Error(`there is no Worker ${name}`);
      return worker;
    },
    async [Symbol.asyncDispose]() {
      project.remove();
      await api.stop();
    },
  };
}

/** Writes the ids of an account's databases into the project's wrangler.toml, as the deploy button does. */
export function writeIds({ account, project }: Stage): void {
  project.edit("wrangler.toml", (toml) =>
    toml.replaceAll(
      /database_name = "([^"]+)"\ndatabase_id = ""/g,
      (_, name: string) => `database_name = "${name}"\ndatabase_id = "${account.database(name)?.uuid}"`,
    ),
  );
}

export const namesOf = ({ account }: Stage) => ({
  databases: account.databases.map(({ name }) => name).toSorted(),
  buckets: account.buckets.map(({ name }) => name),
});

/** All that a first deploy makes. */
export const STORES = { databases: ["atoll-appview", "atoll-directory"], buckets: ["atoll-blobs"] };
