/** The accounts of a test, signed up through the public API and signed in. */
import { createRequire } from "node:module";
import type * as Api from "@atproto/api";
import type { AtpAgent } from "@atproto/api";
import { LaunchError } from "../../dev/ports.ts";
import type { Member } from "../../seed/plant.ts";
import type { SeedAccount } from "../../seed/seed.ts";
import { hint } from "../../seed/nearest.ts";
import { XrpcError, type XrpcCall } from "../../dev/xrpc-client.ts";
import { checkFields } from "../options.ts";
import type { TestHost } from "./test-host.ts";

export interface TestAccount {
  /** The test's name for it: `alice`. */
  name: string;
  did: string;
  /** `alice.test` */
  handle: string;
  email: string;
  password: string;
  /** Access token of the session that signing up created. */
  accessJwt: string;
  refreshJwt: string;
  /** The account's host. */
  host: TestHost;
}

export interface AccountOptions {
  /** Name of the account's host. Default: the network's first. */
  host?: string;
  /** Default: `<name>-password`. */
  password?: string;
  /** Default: `<name>@example.test`. */
  email?: string;
  /** Needed when `REGISTRATION` is `invite`. */
  inviteCode?: string;
}

const OPTIONS = ["host", "password", "email", "inviteCode"];

const NAME = /^[a-z0-9][a-z0-9-]{1,16}[a-z0-9]$/;
const HANDLE = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

export class Accounts {
  readonly #hostNamed: (name: string | undefined) => TestHost;
  readonly #accounts = new Map<string, Promise<TestAccount>>();
  readonly #ready = new Map<string, TestAccount>();
  readonly #agents = new Map<string, AtpAgent>();
  #resets = 0;

  constructor(hostNamed: (name: string | undefined) => TestHost) {
    this.#hostNamed = hostNamed;
  }

  /** All existing accounts, by name. */
  get all(): ReadonlyMap<string, TestAccount> {
    return this.#ready;
  }

  /** Returns the account, and signs it up first if it does not exist. */
  async account(given: string, options: AccountOptions = {}): Promise<TestAccount> {
    checkFields(options, OPTIONS, `account(${JSON.stringify(given)})`);
    const name = this.#nameOf(given, options);
    const known = this.#accounts.get(name);
    if (known !== undefined) return agreeing(await known, options);
    const making = this.#signUp(name, options);
    this.#accounts.set(name, making);
    try {
      return await making;
    } catch (thrown) {
      if (this.#accounts.get(name) === making) this.#accounts.delete(name);
      throw thrown;
    }
  }

  /** Maps both `alice` and `alice.test` to `alice`, so that an account has one name. */
  #nameOf(given: unknown, { host }: AccountOptions): string {
    if (typeof given !== "string" || (!NAME.test(given) && !HANDLE.test(given))) {
      throw new Error(
        `account(${JSON.stringify(given)}): a name is 3 to 18 of a-z, 0-9 and dashes, none at its ends, ` +
          'or a whole handle such as "alice.test"',
      );
    }
    const { handleDomain } = this.#hostNamed(host);
    const label = given.endsWith(handleDomain) ? given.slice(0, -handleDomain.length) : given;
    return NAME.test(label) ? label : given;
  }

  agent(name: string): AtpAgent {
    const { host, did, handle, email, accessJwt, refreshJwt, ...account } = this.existing(name);
    const known = this.#agents.get(account.name);
    if (known !== undefined) return known;
    const { AtpAgent: Agent } = loadApi();
    const agent = new Agent({ service: host.url });
    const session = { did, handle, email, accessJwt, refreshJwt, emailConfirmed: false, active: true };
    agent.sessionManager.session = session;
    this.#agents.set(account.name, agent);
    return agent;
  }

  existing(name: string): TestAccount {
    const account = this.#ready.get(name) ?? [...this.#ready.values()].find(({ handle }) => handle === name);
    if (account !== undefined) return account;
    const names = [...this.#ready.keys()];
    throw new Error(
      `There is no account "${name}".${hint(name, names)} \`await network.account("${name}")\` makes it. ` +
        (names.length === 0 ? "There are none so far." : `There are: ${names.join(", ")}.`),
    );
  }

  /** Implements `member` of the seed's `Host`. */
  async member({ name, password, host }: SeedAccount): Promise<{ member: Member; isNew: boolean }> {
    const isNew = !this.#accounts.has(name);
    const options = {
      ...(password === undefined ? {} : { password }),
      ...(host === undefined ? {} : { host }),
    };
    return { member: memberOf(await this.account(name, options)), isNew };
  }

  members(): Map<string, Member> {
    return new Map([...this.#ready].map(([name, account]) => [name, memberOf(account)]));
  }

  forget(): void {
    this.#resets++;
    this.#accounts.clear();
    this.#ready.clear();
    this.#agents.clear();
  }

  async #signUp(name: string, options: AccountOptions): Promise<TestAccount> {
    const host = this.#hostNamed(options.host);
    const handle = name.includes(".") ? name : `${name}${host.handleDomain}`;
    const email = options.email ?? `${name.replaceAll(".", "-")}@example.test`;
    const password = options.password ?? `${name}-password`;
    const { inviteCode } = options;
    const resets = this.#resets;
    try {
      const made = (await host.xrpc("com.atproto.server.createAccount", {
        input: { handle, email, password, ...(inviteCode === undefined ? {} : { inviteCode }) },
      })) as Pick<TestAccount, "did" | "handle" | "accessJwt" | "refreshJwt">;
      const { did, accessJwt, refreshJwt } = made;
      const account = { name, did, handle: made.handle, email, password, accessJwt, refreshJwt, host };
      if (resets !== this.#resets) throw new Error(RESET);
      this.#ready.set(name, account);
      return account;
    } catch (thrown) {
      const why =
        resets === this.#resets && thrown instanceof Error ? thrown.message + advice(thrown) : RESET;
      throw new Error(`account "${name}" could not be made on ${host.url} as ${handle}: ${why}`, {
        cause: thrown,
      });
    }
  }
}

const RESET = "the network was reset meanwhile. Await what a test has begun before the next `reset()`.";

/** Advice on a refusal, for those where the host's message gives none. */
function advice(thrown: Error): string {
  if (!(thrown instanceof XrpcError)) return "";
  if (thrown.error === "UnsupportedDomain") {
    return ". A name without a dot becomes a handle of the host; `vars: { HANDLE_DOMAINS }` adds domains.";
  }
  if (thrown.error !== "InvalidInviteCode") return "";
  return (
    '. `await network.host().admin("com.atproto.server.createInviteCode", { input: { useCount: 1 } })` gives a `code`, ' +
    "which goes into `account(name, { inviteCode })`; `vars: { REGISTRATION }` says who may sign up."
  );
}

/**
 * Returns the account, or throws if later options differ from the first ones: they would be silently ignored.
 */
function agreeing(account: TestAccount, options: AccountOptions): TestAccount {
  const { name, password, email, host } = account;
  const there: Record<string, string> = { password, email, host: host.name };
  for (const [field, value] of Object.entries(options)) {
    if (there[field] === undefined || value === undefined || there[field] === value) continue;
    throw new Error(
      `account("${name}"): it was made before, with ${field} ${JSON.stringify(there[field])}. ` +
        `Leave ${field} out, or choose another name.`,
    );
  }
  return account;
}

/** Loads the official client when a test first needs an agent: it costs a third of a second and 27 MB. */
function loadApi(): typeof Api {
  const require = createRequire(import.meta.url);
  try {
    return require("@atproto/api") as typeof Api;
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code !== "MODULE_NOT_FOUND") throw thrown;
    throw new LaunchError(
      "Agents are of the package @atproto/api, which is not installed: npm i -D @atproto/api",
    );
  }
}

/**
 * Calls one method as an account. Signs in again if the access token has expired, as it may once the clock is
 * moved.
 */
export async function callAs(account: TestAccount, nsid: string, call: XrpcCall): Promise<unknown> {
  const { host, did, password } = account;
  try {
    return await host.xrpc(nsid, { ...call, authorization: `Bearer ${account.accessJwt}` });
  } catch (thrown) {
    if (!(thrown instanceof XrpcError) || thrown.error !== "ExpiredToken") throw thrown;
    const input = { identifier: did, password };
    const session = (await host.xrpc("com.atproto.server.createSession", { input })) as TestAccount;
    account.accessJwt = session.accessJwt;
    account.refreshJwt = session.refreshJwt;
    return host.xrpc(nsid, { ...call, authorization: `Bearer ${account.accessJwt}` });
  }
}

function memberOf(account: TestAccount): Member {
  const { did, handle } = account;
  return { did, handle, call: (nsid, given) => callAs(account, nsid, given) };
}
