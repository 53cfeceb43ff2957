/**
 * A whole atproto network in a test: one or more hosts, each the real Worker in the real runtime, with a
 * shared PLC directory and no access to the internet.
 */
import type { AtpAgent } from "@atproto/api";
import type { LogEntry } from "../../dev/host-log.ts";
import { plant, type StrongRef } from "../../seed/plant.ts";
import { checkSeed } from "../../seed/check.ts";
import { SeedError, type Seed } from "../../seed/seed.ts";
import { hint } from "../../seed/nearest.ts";
import { Accounts, type AccountOptions, type TestAccount } from "./accounts.ts";
import { Clock } from "./clock.ts";
import { Fetches } from "./fetches.ts";
import { Firehose, type FirehoseOptions } from "./firehose.ts";
import { Mailbox } from "./mailbox.ts";
import { approve, type ApproveOptions } from "../oauth/approve.ts";
import { nextNotification, type Notification } from "./notifications.ts";
import { type PlanName, checkFields, checkHosts, checkPlatform, checkPort, instantOf } from "../options.ts";
import { TestHost } from "./test-host.ts";
import type { HostVars } from "../vars.ts";
import { DISPOSED, type Wait } from "./waiting.ts";

export interface TestNetworkOptions {
  /**
   * Names of the hosts, each 1 to 8 of a-z, 0-9 and dashes. Default: one host, whose handles end in `.test`.
   * Several hosts have a handle domain each: `alice.north.test` is a member of `north`.
   */
  hosts?: readonly string[];
  /** Port of the first host; the port below it is used too. Default: free ones. */
  port?: number;
  /** Overrides of the hosts' configuration. */
  vars?: HostVars;
  /** Overrides of one host's, by its name. The first host is there before the others are configured. */
  varsOf?: (name: string, first: TestHost | undefined) => HostVars;
  /**
   * Holds the hosts to the limits of Cloudflare's free or paid plan, as far as they can be seen from within: D1's,
   * subrequests, connections, no cache at workers.dev. What passes one fails, and so does `dispose`.
   */
  platform?: PlanName;
  /** Planted before `createTestNetwork` resolves. */
  seed?: Seed;
  /** Initial time of the hosts' clock. Default: the machine's time. */
  now?: Date | string | number;
  /**
   * Parent folder of the databases while the network runs. Default: /dev/shm (memory) if it has room, else
   * the system's temporary folder.
   */
  folder?: string;
  /** Called with each line that the hosts log. */
  log?: (entry: LogEntry & { host: string }) => void;
}

/** The result of planting a seed. */
export interface Planted {
  /** By the seed's names. */
  accounts: Map<string, TestAccount>;
  /** By the seed's post ids. */
  posts: Map<string, StrongRef>;
}

const DEFAULT_HOST = "host";
/** Number of log lines to keep. */
const LOG_LINES = 1_000;
const OPTIONS = ["hosts", "port", "vars", "varsOf", "platform", "seed", "now", "folder", "log"];

/**
 * Starts a network. Dispose of it after the tests: `await network.dispose()`, or `await using network = …`.
 * Throws a `LaunchError` with advice if the network cannot start, and a `SeedError` if the seed is wrong.
 */
export async function createTestNetwork(options: TestNetworkOptions = {}): Promise<TestNetwork> {
  const network = await TestNetwork.start(options);
  try {
    if (options.seed !== undefined) await network.seed(options.seed);
    return network;
  } catch (thrown) {
    await network.dispose();
    throw thrown;
  }
}

export class TestNetwork implements AsyncDisposable {
  /** All hosts. The first is the default of methods that take a host's name. */
  readonly hosts: readonly TestHost[];
  /** The hosts' clock. */
  readonly clock: Clock;
  /** The hosts' requests to the outside world, and its answers. */
  readonly fetches: Fetches;
  /** The hosts' last thousand log lines since the start or the last reset, for a failed test to print. */
  readonly logs: readonly string[];
  readonly #accounts: Accounts;
  readonly #platform: PlanName | null;
  readonly #logs: string[];
  readonly #firehoses = new Set<Firehose>();
  #disposing: Promise<void> | null = null;

  private constructor(
    hosts: readonly TestHost[],
    clock: Clock,
    fetches: Fetches,
    logs: string[],
    platform: PlanName | null,
  ) {
    this.#platform = platform;
    this.logs = logs;
    this.#logs = logs;
    this.hosts = hosts;
    this.clock = clock;
    this.fetches = fetches;
    this.#accounts = new Accounts((name) => this.host(name));
  }

  /** @internal See `createTestNetwork`. */
  static async start(options: TestNetworkOptions): Promise<TestNetwork> {
    checkFields(options, OPTIONS, "createTestNetwork");
    if (options.port !== undefined) checkPort(options.port);
    const platform = checkPlatform(options.platform);
    const names = checkHosts(options.hosts ?? [DEFAULT_HOST]);
    const hosts: TestHost[] = [];
    const logs: string[] = [];
    const fetches = new Fetches(
      (url) => hosts[0] !== undefined && url.origin === hosts[0].plc,
      async (handle) => {
        const home = hosts.find(({ handleDomain }) => handle.endsWith(handleDomain));
        return home === undefined ? null : home.memberOf(handle);
      },
    );
    const clock = new Clock(options.now === undefined ? null : instantOf(options.now), async (moved) => {
      await Promise.all(hosts.map((host) => host.moveClock(moved)));
    });
    const startHost = (name: string, plc: string | undefined) =>
      TestHost.start({
        name,
        handleDomain: names.length === 1 ? ".test" : `.${name}.test`,
        port: plc === undefined ? options.port : undefined,
        plc,
        vars: { ...options.vars, ...options.varsOf?.(name, hosts[0]) },
        platform,
        fetches,
        clock: () => clock.offset,
        log: (entry) => {
          logs.push(`${name} ${entry.level === "error" ? "error: " : ""}${entry.message}`);
          if (logs.length > LOG_LINES) logs.shift();
          options.log?.({ ...entry, host: name });
        },
        folder: options.folder,
      });
    try {
      const [first = DEFAULT_HOST, ...rest] = names;
      const firstHost = await startHost(first, undefined);
      hosts.push(firstHost);
      const started = await Promise.allSettled(rest.map((name) => startHost(name, firstHost.plc)));
      for (const one of started) if (one.status === "fulfilled") hosts.push(one.value);
      for (const one of started) if (one.status === "rejected") throw one.reason;
    } catch (thrown) {
      await Promise.all(hosts.map((host) => host.stop()));
      fetches.close();
      throw thrown;
    }
    return new TestNetwork(hosts, clock, fetches, logs, platform);
  }

  /** Origin of the first host: `http://localhost:20123`. */
  get url(): string {
    return this.host().url;
  }

  /** Origin of the PLC directory. */
  get plc(): string {
    return this.host().plc;
  }

  /** All accounts made so far, by name. */
  get accounts(): ReadonlyMap<string, TestAccount> {
    return this.#accounts.all;
  }

  /** The host of that name; without a name, the first. */
  host(name?: string): TestHost {
    const found = name === undefined ? this.hosts[0] : this.hosts.find((host) => host.name === name);
    if (found !== undefined) return found;
    const names = this.hosts.map((host) => host.name);
    throw new Error(
      `There is no host "${name}".${hint(name ?? "", names)} There are: ${names.join(", ")}. More come by \`hosts\` of createTestNetwork.`,
    );
  }

  /**
   * The account of that name, signed up on the first call. A name is the first label of a handle (3 to 18 of
   * a-z, 0-9 and dashes), or a whole handle.
   */
  async account(name: string, options?: AccountOptions): Promise<TestAccount> {
    this.#assertOpen();
    return this.#accounts.account(name, options);
  }

  /**
   * The official client, signed in as an existing account (from `account` or `seed`). Each call returns the
   * same agent.
   */
  agent(name: string): AtpAgent {
    this.#assertOpen();
    return this.#accounts.agent(name);
  }

  /**
   * Plants a seed through the public API: accounts, profiles, follows, posts, likes, any record. Uses
   * accounts that already exist. Resolves once everything is indexed. `now`: the time from which posts count
   * back, and from which record keys derive; default: the hosts' time. Throws a `SeedError` before any write
   * if the seed is wrong, and one that names the refused part if a host refuses it.
   */
  async seed(seed: Seed, { now = this.clock.now() }: { now?: Date | number } = {}): Promise<Planted> {
    this.#assertOpen();
    const host = {
      member: (account: NonNullable<Seed["accounts"]>[number]) => this.#accounts.member(account),
    };
    checkSeed(seed, [...this.accounts.keys()]);
    for (const [i, { host: name }] of (seed.accounts ?? []).entries()) {
      const names = this.hosts.map((each) => each.name);
      if (name === undefined || names.includes(name)) continue;
      throw new SeedError(`accounts[${i}].host: there is no host "${name}".${hint(name, names)}`);
    }
    const { posts } = await plant(seed, host, { members: this.#accounts.members(), now: Number(now) });
    await this.settle();
    return { accounts: new Map(this.accounts), posts };
  }

  /** A host's firehose, by default from the network's first event on. It closes with the network. */
  firehose({ host, ...options }: FirehoseOptions & { host?: string } = {}): Firehose {
    this.#assertOpen();
    const firehose = new Firehose(this.host(host).url, options);
    this.#firehoses.add(firehose);
    return firehose;
  }

  /** Mail that the hosts have sent to an account; without a name, all mail. */
  mailbox(name?: string): Mailbox {
    this.#assertOpen();
    const to = name === undefined ? null : this.#accounts.existing(name).email;
    return new Mailbox(
      this.hosts.map(({ mail }) => mail),
      to,
    );
  }

  /**
   * Signs a member in to an app by OAuth and allows what the app asks for, on the host's own pages.
   * @param url where the app sends its user
   * @returns where the member comes back to: the app's redirect URI, with its answer
   * @example await client.callback((await network.approve(await client.authorize("alice.test"), "alice")).searchParams)
   */
  async approve(url: URL | string, name: string, options: ApproveOptions = {}): Promise<URL> {
    this.#assertOpen();
    checkFields(options, ["deny", "email"], "approve");
    return approve(this.#accounts.existing(name), url, options);
  }

  /**
   * The newest matching notification of an account; waits for one if there is none. Rejects after `timeout`
   * ms (5,000).
   * @example await network.notification("alice", ({ reason }) => reason === "mention")
   */
  async notification(
    name: string,
    predicate: (notification: Notification) => boolean = () => true,
    wait: Wait = {},
  ): Promise<Notification> {
    this.#assertOpen();
    return nextNotification(this.#accounts.existing(name), predicate, wait);
  }

  /** Resolves once all writes so far are on the firehose and in the index. */
  async settle(): Promise<void> {
    this.#assertOpen();
    await Promise.all(this.hosts.map((host) => host.settle()));
  }

  /**
   * Returns the network to its initial state, faster than a new start: no accounts, events, mail or given
   * answers. The clock shows the machine's time again, or that of the option `now`.
   */
  async reset(): Promise<void> {
    this.#assertOpen();
    this.clock.reset();
    // Before the first `await`: from here on, calls concern the new network.
    this.#accounts.forget();
    await Promise.all(this.hosts.map((host) => host.wipe(this.clock.offset)));
    this.fetches.clear();
    this.#logs.length = 0;
    for (const firehose of this.#firehoses) firehose.restart();
  }

  /** kill -9 of one host's runtime, or of all. Resolves once they run again on their stored data. */
  async crash(host?: string): Promise<void> {
    this.#assertOpen();
    const hosts = host === undefined ? this.hosts : [this.host(host)];
    await Promise.all(hosts.map((one) => one.crash()));
  }

  /**
   * Ends all processes and removes all folders. Safe to call twice. Rejects if a limit of the option `platform` was
   * passed that nobody has taken with `breaches`.
   */
  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #assertOpen(): void {
    if (this.#disposing !== null) throw new Error(DISPOSED);
  }

  async #dispose(): Promise<void> {
    for (const firehose of this.#firehoses) firehose.close();
    const asked = this.#platform === null ? [] : this.hosts;
    const breaches = (await Promise.all(asked.map((host) => host.breaches()))).flat();
    await Promise.all(this.hosts.map((host) => host.stop()));
    this.fetches.close();
    if (breaches.length > 0)
      throw new Error(
        `On Cloudflare's ${this.#platform} plan this fails:\n${[...new Set(breaches)].join("\n")}`,
      );
  }
}
