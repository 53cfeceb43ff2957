/**
 * What people do with their accounts while the runtime is killed. Each remembers what was acknowledged, and what
 * may or may not have happened.
 */
import type { XrpcCall } from "../../../tools/dev/xrpc-client.ts";
import { XrpcError, basic, xrpc } from "../../../tools/dev/xrpc-client.ts";

export interface Life {
  /** Does one thing. Throws for an answer that should not be. */
  step(): Promise<void>;
  /** Finishes what a person would finish, once the runtime is killed no more. */
  finish?(): Promise<void>;
  /** Every fault found, in words. */
  faults(seen: Seen): Promise<string[]>;
}

/** What the host shows when all is over. */
export interface Seen {
  /** By DID, in order: `identity alice.test`, `account deleted`, `commit`, `sync`. */
  told: Map<string, string[]>;
}

export interface Person {
  did: string;
  handle: string;
  password: string;
  authorization: string;
}

/** Stands for the answer of a call that may or may not have been carried out. */
export const UNKNOWN = Symbol("unknown");

const PASSWORD = "crash";

/** The host as these people call it. */
export class Caller {
  readonly origin: string;
  /** The outside world: PLC directory and mailbox. */
  readonly outside: string;
  #names = 0;
  /** Numbers of calls that were answered, and that were not. */
  readonly calls = { answered: 0, unknown: 0 };

  constructor(origin: string, outside: string) {
    this.origin = origin;
    this.outside = outside;
  }

  newName(what: string): string {
    return `${what}${this.#names++}`;
  }

  /** The answer, or `UNKNOWN` once the host is back. Throws `XrpcError` for a refusal. */
  async ask(nsid: string, call: XrpcCall = {}): Promise<unknown> {
    return this.attempt(() => xrpc(this.origin, nsid, call));
  }

  async asAdmin(nsid: string, call: XrpcCall = {}): Promise<unknown> {
    return this.ask(nsid, { ...call, authorization: basic("admin", PASSWORD) });
  }

  async attempt<Answer>(work: () => Promise<Answer>): Promise<Answer | typeof UNKNOWN> {
    try {
      const answer = await work();
      this.calls.answered++;
      return answer;
    } catch (thrown) {
      if (thrown instanceof XrpcError && thrown.status < 500) throw thrown;
      this.calls.unknown++;
      await this.untilBack();
      return UNKNOWN;
    }
  }

  /** Asks until there is an answer: for what may be done twice. */
  async surely(nsid: string, call: XrpcCall = {}): Promise<unknown> {
    for (;;) {
      const answer = await this.ask(nsid, call);
      if (answer !== UNKNOWN) return answer;
    }
  }

  async untilBack(): Promise<void> {
    for (let tries = 0; tries < 1_000; tries++) {
      try {
        await xrpc(this.origin, "_health");
        return;
      } catch {
        await pause(20);
      }
    }
    throw new Error("the host did not come back");
  }

  /** Signs up. A handle that nobody wanted before is never refused. */
  async signUp(name: string): Promise<Person | typeof UNKNOWN> {
    const [handle, password] = [`${name}.test`, `password of ${name}`];
    const input = { handle, email: `${name}@example.test`, password };
    const session = await this.ask("com.atproto.server.createAccount", { input });
    return session === UNKNOWN ? UNKNOWN : { ...personOf(session), handle, password };
  }

  /** Signs up, under another name if it is not known whether it went well. */
  async surelySignUp(what: string): Promise<Person> {
    for (;;) {
      const person = await this.signUp(this.newName(what));
      if (person !== UNKNOWN) return person;
    }
  }

  /** Null when there is no such account, or it has another password. */
  async signIn(identifier: string, password: string): Promise<Person | null> {
    try {
      const input = { identifier, password };
      const session = await this.surely("com.atproto.server.createSession", { input });
      return { ...personOf(session), handle: identifier, password };
    } catch (thrown) {
      if (thrown instanceof XrpcError && thrown.status === 401) return null;
      throw thrown;
    }
  }

  /** `active`, `deactivated` …; null when there is no such repo. */
  async statusOf(did: string): Promise<string | null> {
    try {
      const params = { did };
      const repo = (await this.surely("com.atproto.sync.getRepoStatus", { params })) as {
        active: boolean;
        status?: string;
      };
      return repo.active ? "active" : (repo.status ?? "none");
    } catch (thrown) {
      if (thrown instanceof XrpcError && thrown.error === "RepoNotFound") return null;
      throw thrown;
    }
  }

  /** The DID of a handle; null when it resolves to none. */
  async resolve(handle: string): Promise<string | null> {
    try {
      const params = { handle };
      const found = await this.surely("com.atproto.identity.resolveHandle", { params });
      return (found as { did: string }).did;
    } catch (thrown) {
      if (thrown instanceof XrpcError && thrown.status === 400) return null;
      throw thrown;
    }
  }

  async documentOf(did: string): Promise<{ alsoKnownAs: string[] } | null> {
    const response = await fetch(`${this.outside}/${did}`);
    return response.ok ? ((await response.json()) as { alsoKnownAs: string[] }) : null;
  }

  /** The code in the newest mail to somebody. */
  async codeFor(address: string): Promise<string> {
    const response = await fetch(`${this.outside}/mail?to=${encodeURIComponent(address)}`);
    const [mail] = (await response.json()) as { text: string }[];
    return /[A-Z2-7]{5}-[A-Z2-7]{5}/.exec(mail?.text ?? "")?.[0] ?? "";
  }
}

function personOf(session: unknown): Pick<Person, "did" | "authorization"> {
  const { did, accessJwt } = session as { did: string; accessJwt: string };
  return { did, authorization: `Bearer ${accessJwt}` };
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Faults in what was told of an account that is there: states and handles in turn, the last ones true. */
export function tellingFaults(
  who: string,
  told: string[],
  { status, handle }: { status: string; handle: string },
): string[] {
  const faults: string[] = [];
  // A return tells of the handle again.
  const news = told.filter((each, i) => !(each.startsWith("identity ") && told[i - 1] === "account active"));
  for (const kind of ["account ", "identity "]) {
    const said = news.filter((each) => each.startsWith(kind));
    for (const [i, each] of said.entries()) {
      if (each === said[i - 1]) faults.push(`firehose: ${who}: ${each} twice`);
    }
  }
  const last = (kind: string) => told.findLast((each) => each.startsWith(kind));
  if (last("account ") !== `account ${status}`) faults.push(`firehose: ${who} ends with ${last("account ")}`);
  if (last("identity ") !== `identity ${handle}`)
    faults.push(`firehose: ${who} ends with ${last("identity ")}, not ${handle}`);
  return faults;
}
