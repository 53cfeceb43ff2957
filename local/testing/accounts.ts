/** The accounts that a test has made: signed up through the public API, and signed in. */
import { createRequire } from "node:module";
import type * as Api from "@atproto/api";
import type { AtpAgent } from "@atproto/api";
import { LaunchError } from "../ports.ts";
import type { Member } from "../seed/plant.ts";
import type { SeedAccount } from "../seed/seed.ts";
import { nearest } from "../seed/seed.ts";
import { XrpcError, xrpc } from "../xrpc-client.ts";
import type { TestHost } from "./test-host.ts";

export interface TestAccount {
  /** As the test calls it: `alice`. */
  name: string;
  did: string;
  /** `alice.test` */
  handle: string;
  email: string;
  password: string;
  /** Of the session that signing up gave. */
  accessJwt: string;
  refreshJwt: string;
  /** The host where it lives. */
  host: TestHost;
}

export interface AccountOptions {
  /** Name of the host where the account lives. Default: the network's first. */
  host?: string;
  /** Default: `<name>-password`. */
  password?: string;
  /** Default: `<name>@example.test`. */
  email?: string;
}

export class Accounts {
  readonly #hostNamed: (name: string | undefined) => TestHost;
  readonly #accounts = new Map<string, Promise<TestAccount>>();
  readonly #ready = new Map<string, TestAccount>();
  readonly #agents = new Map<string, AtpAgent>();

  constructor(hostNamed: (name: string | undefined) => TestHost) {
    this.#hostNamed = hostNamed;
  }

  /** All that exist, by name. */
  get all(): ReadonlyMap<string, TestAccount> {
    return this.#ready;
  }

  /** Signs up, unless the account is there. */
  async account(name: string, options: AccountOptions = {}): Promise<TestAccount> {
    const making = this.#accounts.get(name) ?? this.#signUp(name, options);
    this.#accounts.set(name, making);
    try {
      return await making;
    } catch (thrown) {
      this.#accounts.delete(name);
      throw thrown;
    }
  }

  agent(name: string): AtpAgent {
    const known = this.#agents.get(name);
    if (known !== undefined) return known;
    const { host, did, handle, email, accessJwt, refreshJwt } = this.existing(name);
    const { AtpAgent: Agent } = loadApi();
    const agent = new Agent({ service: host.url });
    const session = { did, handle, email, accessJwt, refreshJwt, emailConfirmed: false, active: true };
    agent.sessionManager.session = session;
    this.#agents.set(name, agent);
    return agent;
  }

  existing(name: string): TestAccount {
    const account = this.#ready.get(name);
    if (account !== undefined) return account;
    const names = [...this.#ready.keys()];
    const near = nearest(name, names);
    const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
    throw new Error(
      `There is no account "${name}".${hint} \`await network.account("${name}")\` makes it. ` +
        (names.length === 0 ? "There are none so far." : `There are: ${names.join(", ")}.`),
    );
  }

  /** As the seed's planting wants a member. */
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
    this.#accounts.clear();
    this.#ready.clear();
    this.#agents.clear();
  }

  async #signUp(name: string, options: AccountOptions): Promise<TestAccount> {
    const host = this.#hostNamed(options.host);
    const handle = name.includes(".") ? name : `${name}${host.handleDomain}`;
    const email = options.email ?? `${name.replaceAll(".", "-")}@example.test`;
    const password = options.password ?? `${name}-password`;
    try {
      const made = (await xrpc(host.url, "com.atproto.server.createAccount", {
        input: { handle, email, password },
      })) as Pick<TestAccount, "did" | "handle" | "accessJwt" | "refreshJwt">;
      const { did, accessJwt, refreshJwt } = made;
      const account = { name, did, handle: made.handle, email, password, accessJwt, refreshJwt, host };
      this.#ready.set(name, account);
      return account;
    } catch (thrown) {
      if (!(thrown instanceof XrpcError)) throw thrown;
      throw new Error(`account "${name}" could not be made on ${host.url} as ${handle}: ${thrown.message}`, {
        cause: thrown,
      });
    }
  }
}

/** The official client, loaded when the first agent is asked for: it costs a third of a second and 27 MB. */
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

function memberOf({ did, handle, host, accessJwt }: TestAccount): Member {
  return {
    did,
    handle,
    call: (nsid, given) => xrpc(host.url, nsid, { ...given, authorization: `Bearer ${accessJwt}` }),
  };
}
