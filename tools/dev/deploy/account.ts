/** Which account a deploy goes to: the one that is named, or the only one, or the one that is chosen. */
import * as clack from "@clack/prompts";
import { LaunchError } from "../ports.ts";
import { type Cloudflare, type CloudflareAccount, isRefusal } from "./cloudflare.ts";

export interface Naming {
  /** `--account`: an id or a name. */
  option: string | null;
  /** From the shell (`CLOUDFLARE_ACCOUNT_ID`) or wrangler.toml. */
  id: string | null;
  /** Whether somebody sits at a terminal. */
  canAsk: boolean;
}

/** Throws a `LaunchError` if nobody can say which. */
export async function chooseAccount(
  api: Cloudflare,
  { option, id, canAsk }: Naming,
): Promise<CloudflareAccount> {
  if (option === null && id !== null) return { id, name: id };
  const accounts = await accountsOf(api);
  const named = accounts.filter((account) => account.id === option || account.name === option);
  const fitting = option === null ? accounts : named;
  const [only] = fitting;
  if (only === undefined)
    throw new LaunchError(
      option === null
        ? "The token belongs to no account. Set CLOUDFLARE_ACCOUNT_ID, or sign in with `npx wrangler login`."
        : `There is no account "${option}".\n${listed(accounts)}`,
    );
  if (fitting.length === 1) return only;
  if (!canAsk)
    throw new LaunchError(
      `You are in several accounts, and nobody can be asked which it is. Deploy with --account <id>, or put account_id = "<id>" into wrangler.toml.\n${listed(fitting)}`,
    );
  const chosen = await clack.select({
    message: "Which account?",
    options: fitting.map(({ id: value, name }) => ({ value, label: name, hint: value })),
  });
  const account = fitting.find(({ id: one }) => one === chosen);
  if (account === undefined) throw new LaunchError("Nothing was deployed.");
  return account;
}

async function accountsOf(api: Cloudflare): Promise<CloudflareAccount[]> {
  try {
    return await api.accounts();
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    throw new LaunchError(
      `Cloudflare does not take the sign-in (${thrown.message}). Run \`npx wrangler login\`, or look at CLOUDFLARE_API_TOKEN.`,
    );
  }
}

const listed = (accounts: readonly CloudflareAccount[]) =>
  accounts.map(({ id, name }) => `  ${id}  ${name}`).join("\n");
