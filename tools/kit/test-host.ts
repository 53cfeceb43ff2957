/** One host of a network: a runtime with the whole Worker, its databases in a folder of its own, and the kit's door. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Row, DatabaseName } from "../dev/control/messages.ts";
import type { LogEntry } from "../dev/host-log.ts";
import { XrpcError, basic, xrpc, type XrpcCall } from "../dev/xrpc-client.ts";
import type { Fetches } from "./fetches.ts";
import { checkVars } from "./options.ts";
import { findRuntime } from "./runtime.ts";
import { temporaryFolder, type TemporaryFolder } from "./temporary.ts";
import type { HostVars } from "./vars.ts";
import { DISPOSED } from "./waiting.ts";
import { Workerd } from "./workerd.ts";
import { SECRET_HEADER, type KitAnswer, type KitRequest } from "./kit-request.ts";

export interface TestHostOptions {
  name: string;
  /** With its leading dot. */
  handleDomain: string;
  port: number | undefined;
  /** Another host's PLC directory; absent: its own. */
  plc: string | undefined;
  vars: HostVars;
  fetches: Fetches;
  /** Milliseconds that the host's clock is ahead of the machine's. Asked for at each start. */
  clock: () => number;
  log: ((entry: LogEntry) => void) | undefined;
  /** Where its temporary folder goes; absent: in memory, if the system can. */
  folder: string | undefined;
}

/** Over the local defaults: anybody may sign up, and a test may be as fast as it can. */
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
  /** What its members' handles end in: `.test` */
  readonly handleDomain: string;
  /** For `com.atproto.admin.*`: user `admin`. */
  readonly adminPassword: string;
  readonly #runtime: Workerd;
  readonly #folder: TemporaryFolder;
  readonly #secret: string;
  /** Since when it was last settled or emptied. */
  #crashed = false;
  #crashing = false;
  #stopped = false;
  /** What is done to the host as a whole, one after the other. */
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
  }

  /** @internal Resolves once the host answers. Throws a `LaunchError`. */
  static async start(options: TestHostOptions): Promise<TestHost> {
    const { folder: runtimeFolder, vars: defaults, names } = await findRuntime();
    checkVars(options.vars, names);
    const secrets = {
      control: randomBytes(16).toString("hex"),
      admin: randomBytes(12).toString("base64url"),
    };
    const given = {
      ...defaults,
      ...TEST_VARS,
      HANDLE_DOMAINS: options.handleDomain,
      PLC_URL: options.plc ?? "",
      ADMIN_PASSWORD: secrets.admin,
      ...options.vars,
    };
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
          PUBLIC_URL: `http://localhost:${ports.host}`,
          ...given,
          ...(given.PUBLIC_URL ? {} : { PUBLIC_URL: `http://localhost:${ports.host}` }),
          KIT_SECRET: secrets.control,
          KIT_CLOCK: String(options.clock()),
        }),
        log: options.log,
      });
      const [domain = ""] = given.HANDLE_DOMAINS.split(",");
      const host = new TestHost(options, domain.trim(), runtime, folder, {
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

  /** Process id of the runtime; another one after a crash. */
  get pid(): number {
    return this.#runtime.pid;
  }

  /** One XRPC method. Throws `XrpcError`. */
  xrpc(nsid: string, call: XrpcCall = {}): Promise<unknown> {
    return this.#explained(xrpc(this.url, nsid, call));
  }

  /** One XRPC method as the host's admin. Throws `XrpcError`. */
  admin(nsid: string, call: XrpcCall = {}): Promise<unknown> {
    return this.xrpc(nsid, { ...call, authorization: basic("admin", this.adminPassword) });
  }

  /** Reads one of the host's databases as it is, past the Worker. */
  query(database: DatabaseName, sql: string, ...values: (string | number | null)[]): Promise<Row[]> {
    return this.#ask({ do: "query", database, sql, values });
  }

  /** @internal The DID of a member's handle. */
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

  /** A request that nobody answers fails with no more than `fetch failed`: the kit knows why. */
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
