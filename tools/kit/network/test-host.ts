/**
 * One host of a network: a runtime with the whole Worker, the kit's entrypoint, and the databases in their
 * own folder.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Row, DatabaseName } from "../../dev/control/messages.ts";
import type { LogEntry } from "../../dev/host-log.ts";
import { fitSettings } from "../../dev/settings.ts";
import { CALL_FIELDS, XrpcError, basic, xrpc, type XrpcCall } from "../../dev/xrpc-client.ts";
import type { Fetches } from "./fetches.ts";
import { type PlanName, checkFields, checkVars } from "../options.ts";
import { findRuntime } from "../runtime/runtime.ts";
import { temporaryFolder, type TemporaryFolder } from "../runtime/temporary.ts";
import type { HostVars } from "../vars.ts";
import { DISPOSED } from "./waiting.ts";
import { Workerd } from "../runtime/workerd.ts";
import {
  SECRET_HEADER,
  type Figure,
  type KitAnswer,
  type KitRequest,
  type Totals,
  totalsOf,
} from "./kit-request.ts";

export interface TestHostOptions {
  name: string;
  /** With a leading dot. */
  handleDomain: string;
  port: number | undefined;
  /** Origin of another host's PLC directory; undefined: the host uses its own. */
  plc: string | undefined;
  vars: HostVars;
  /** The plan whose limits hold; null: none do. */
  platform: PlanName | null;
  fetches: Fetches;
  /** How far the host's clock is ahead of the machine's, in milliseconds. Read at each start. */
  clock: () => number;
  log: ((entry: LogEntry) => void) | undefined;
  /** Parent of its temporary folder; undefined: in memory if possible. */
  folder: string | undefined;
}

const MINUTE = 60_000;

/** Overrides of the local defaults: sign-up is open, and nothing slows a test down. */
const TEST_VARS: HostVars = { REGISTRATION: "open", RATE_LIMITS: "off" };

const SETTLE_MS = 10_000;

export class TestHost {
  readonly name: string;
  /** `http://localhost:20123` */
  readonly url: string;
  /** Its PLC directory's origin. */
  readonly plc: string;
  /** Its mailbox: `GET /mail?to=`. */
  readonly mail: string;
  /** `did:web:localhost%3A20123` */
  readonly did: string;
  /** Ending of its members' handles: `.test` */
  readonly handleDomain: string;
  /** Password of the user `admin`, for `com.atproto.admin.*`. */
  readonly adminPassword: string;
  readonly #runtime: Workerd;
  readonly #folder: TemporaryFolder;
  readonly #secret: string;
  /** Whether it has crashed since it was last settled or wiped. */
  readonly #schedule: NodeJS.Timeout;
  #crashed = false;
  #crashing = false;
  #stopped = false;
  /** The last of the operations on the host as a whole (wipe, clock, crash), which run one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    { name, plc }: TestHostOptions,
    handleDomain: string,
    runtime: Workerd,
    folder: TemporaryFolder,
    secrets: { control: string; admin: string },
  ) {
    const { host, control } = runtime.ports;
    this.name = name;
    this.url = `http://localhost:${host}`;
    this.plc = plc ?? `http://localhost:${control}`;
    this.mail = `http://localhost:${control}/mail`;
    this.did = `did:web:localhost%3A${host}`;
    this.handleDomain = handleDomain;
    this.adminPassword = secrets.admin;
    this.#runtime = runtime;
    this.#folder = folder;
    this.#secret = secrets.control;
    this.#schedule = setInterval(() => void this.runSchedule().catch(() => undefined), MINUTE);
    this.#schedule.unref();
  }

  /** @internal Resolves once the host answers. Throws a `LaunchError`. */
  static async start(options: TestHostOptions): Promise<TestHost> {
    const { folder: runtimeFolder, vars: defaults } = await findRuntime();
    checkVars(options.vars);
    const secrets = {
      control: randomBytes(16).toString("hex"),
      admin: randomBytes(12).toString("base64url"),
    };
    const given = fitSettings({
      ...defaults,
      ...TEST_VARS,
      HANDLE_DOMAINS: options.handleDomain,
      PLC_URL: options.plc ?? "",
      PLAN: options.platform ?? "paid",
      ADMIN_PASSWORD: secrets.admin,
      ...options.vars,
    });
    const folder = temporaryFolder(options.folder);
    try {
      const storage = path.join(folder.path, "storage");
      mkdirSync(storage);
      const runtime = await Workerd.start({
        runtime: runtimeFolder,
        storage,
        folder: folder.path,
        outbound: await options.fetches.open(options.name),
        ports: options.port === undefined ? undefined : { host: options.port, control: options.port - 1 },
        vars: (ports) => ({
          ...given,
          PUBLIC_URL: given.PUBLIC_URL || `http://localhost:${ports.host}`,
          KIT_SECRET: secrets.control,
          KIT_CLOCK: String(options.clock()),
          KIT_PLATFORM: options.platform ?? "",
        }),
        log: options.log,
      });
      const [domain = ""] = given.HANDLE_DOMAINS.split(",");
      const host = new TestHost(options, domain, runtime, folder, {
        ...secrets,
        admin: given.ADMIN_PASSWORD,
      });
      try {
        await host.#ask({ do: "migrate" });
      } catch (thrown) {
        await runtime.stop();
        throw thrown;
      }
      return host;
    } catch (thrown) {
      folder.remove();
      throw thrown;
    }
  }

  /** Process id of the runtime. It changes with a crash. */
  get pid(): number {
    return this.#runtime.pid;
  }

  /** Calls one XRPC method. Throws `XrpcError`. */
  async xrpc<Answer = unknown>(nsid: string, call: XrpcCall = {}): Promise<Answer> {
    checkFields(call, CALL_FIELDS, `xrpc(${JSON.stringify(nsid)})`);
    return this.#explained(xrpc<Answer>(this.url, nsid, call));
  }

  /**
   * Calls one XRPC method as the host's admin. Throws `XrpcError`. `Answer` is the caller's word for its shape,
   * which nothing checks.
   * @example await host.admin("com.atproto.admin.disableAccountInvites", { input: { account: did } })
   */
  admin<Answer = unknown>(nsid: string, call: XrpcCall = {}): Promise<Answer> {
    return this.xrpc<Answer>(nsid, { ...call, authorization: basic("admin", this.adminPassword) });
  }

  /** Runs SQL on one of the host's databases directly, bypassing the host's API. */
  query(database: DatabaseName, sql: string, ...values: (string | number | null)[]): Promise<Row[]> {
    return this.#ask({ do: "query", database, sql, values });
  }

  /** @internal The DID for a member's handle; null if the host does not resolve it. */
  async memberOf(handle: string): Promise<string | null> {
    try {
      const params = { handle };
      const { did } = (await this.xrpc("com.atproto.identity.resolveHandle", { params })) as { did: string };
      return did;
    } catch (thrown) {
      if (thrown instanceof XrpcError) return null;
      throw thrown;
    }
  }

  /**
   * Does at once what a deployed host does every minute: takes up what a crash left half done, sends what waits,
   * deletes what has had its time. It also runs every minute by itself, and whenever the clock is moved.
   */
  async runSchedule(): Promise<void> {
    await this.#turn;
    await this.#ask({ do: "schedule" });
  }

  /**
   * Has the host hear its neighbours once, if its setting NEIGHBOURS allows: what they have said until now is in its
   * index then.
   * @returns the hosts heard, the events handed to the index and those that were dropped as not true
   */
  async hearNeighbours(): Promise<{ hosts: number; events: number; invalid: number }> {
    await this.#turn;
    const [row] = await this.#ask({ do: "neighbours" });
    const of = (name: string) => Number(row?.[name] ?? 0);
    return { hosts: of("hosts"), events: of("events"), invalid: of("invalid") };
  }

  /**
   * The most that each operation has used of Cloudflare's limits since the host started; empty without the option
   * `platform`.
   */
  async figures(): Promise<Figure[]> {
    const rows = await this.#ask({ do: "figures" });
    return rows.map(({ operation, queries, subrequests, waiting }) => ({
      operation: String(operation),
      queries: Number(queries),
      subrequests: Number(subrequests),
      waiting: Number(waiting),
    }));
  }

  /** The host's use of all that Cloudflare bills, since it started; zeros without the option `platform`. */
  async totals(): Promise<Totals> {
    const [row = {}] = await this.#ask({ do: "totals" });
    return totalsOf((resource) => Number(row[resource] ?? 0));
  }

  /** Limits of Cloudflare's that were passed since this was last asked, each with what to do. */
  async breaches(): Promise<string[]> {
    return (await this.#ask({ do: "breaches" })).map(({ words }) => String(words));
  }

  /** @internal */
  async settle(): Promise<void> {
    await this.#turn;
    await this.#ask({ do: "settle", resend: this.#crashed, timeoutMs: SETTLE_MS });
    this.#crashed = false;
  }

  /** @internal */
  wipe(offset: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#ask({ do: "wipe", offset });
      this.#crashed = false;
    });
  }

  /** @internal */
  moveClock(offset: number): Promise<void> {
    return this.#inTurn(async () => void (await this.#ask({ do: "clock", offset })));
  }

  /** @internal */
  crash(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#stopped) return;
      this.#crashed = this.#crashing = true;
      await this.#runtime.crash().finally(() => (this.#crashing = false));
    });
  }

  /** @internal */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#schedule);
    await this.#runtime.stop();
    this.#folder.remove();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #ask(request: KitRequest): Promise<Row[]> {
    const asking = fetch(this.mail.replace(/mail$/, "kit"), {
      method: "POST",
      headers: { [SECRET_HEADER]: this.#secret },
      body: JSON.stringify(request),
    });
    const answer = (await (await this.#explained(asking)).json()) as KitAnswer;
    if ("error" in answer) throw new Error(`${request.do}: ${answer.error}`);
    return answer.rows;
  }

  /** Replaces the bare `fetch failed` of an unanswered request with the reason, which the kit knows. */
  async #explained<Answer>(asking: Promise<Answer>): Promise<Answer> {
    try {
      return await asking;
    } catch (thrown) {
      if (!(thrown instanceof TypeError)) throw thrown;
      if (this.#stopped) throw new Error(DISPOSED, { cause: thrown });
      const { ended } = this.#runtime;
      if (this.#crashing || ended === null) {
        throw new Error(
          `Host "${this.name}" was killed meanwhile. Await crash() before asking it for more.`,
          {
            cause: thrown,
          },
        );
      }
      throw new Error(`The runtime of host "${this.name}" has ended. Its last words:\n${ended}`, {
        cause: thrown,
      });
    }
  }
}
