/**
 * Cuts a flow at any call that the host makes to something that outlives it: the directory, an account's object,
 * blobs, the PLC directory, the AppView's takedowns. Whoever makes the calls (worker, object, sweep) runs as
 * always: the bindings themselves are wrapped.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** How one call fails. */
export interface Cut {
  /** Number of the call, counted from 1. */
  at: number;
  /** `call`: it never arrives. `answer`: it is carried out, but nobody learns of it. */
  loses: "call" | "answer";
  /** Whether the whole host dies of it: nobody makes another call, and nobody gets an answer any more. */
  kills: boolean;
}

export interface Outcome<Result> {
  /** The calls made, up to the last one. */
  calls: string[];
  /** Whether the flow came as far as the cut. */
  cut: boolean;
  /** The flow's result, if it had one. */
  result?: Result;
}

type Call = () => Promise<unknown>;
type Wrap = (name: string, call: Call) => Promise<unknown>;

/** Runs a flow up to its cut. Resolves when the flow has ended, or its host has died. */
export async function cutting<Result>(cut: Cut, flow: () => Promise<Result>): Promise<Outcome<Result>> {
  const calls: string[] = [];
  let dead = false;
  let isCold = false;
  const never = new Promise<never>(() => {});
  const wrap: Wrap = async (name, call) => {
    if (dead) return never;
    calls.push(name);
    if (calls.length !== cut.at) {
      const answer = await call();
      return dead ? never : answer;
    }
    // Whoever carries it out may make calls in turn, as an object does of the directory, and dies afterwards.
    if (cut.loses === "answer") await call();
    if (cut.kills) dead = true;
    if (!cut.kills) throw new Error(`cut: ${name}`);
    isCold = true;
    return never;
  };
  const unwrap = wrapBindings(wrap);
  try {
    const outcome = flow().then(
      (result) => ({ result }),
      () => ({}),
    );
    // Asked for, not told: the call may be that of an object, whose context is another one.
    const death = async () => {
      while (!isCold) await scheduler.wait(1);
      return {};
    };
    const ended = await Promise.race([outcome, death()]);
    return { calls, cut: calls.length >= cut.at, ...ended };
  } finally {
    isCold = true;
    unwrap();
  }
}

/** Wraps every method of the bindings until the returned function is called. */
function wrapBindings(wrap: Wrap): () => void {
  const undo = [
    replace(
      databaseOf("DIRECTORY"),
      "fetch",
      (fetch) =>
        (...given) =>
          wrap("directory", () => fetch(...given)),
    ),
    replace(databaseOf("APPVIEW_DB"), "fetch", (fetch) => (...given) => {
      const [, init] = given as [unknown, { body?: unknown } | undefined];
      const isTakedown = typeof init?.body === "string" && /(INTO|FROM) (takedown|label) /.test(init.body);
      return isTakedown ? wrap("appview", () => fetch(...given)) : fetch(...given);
    }),
    replace(
      bindingOf("OUTSIDE"),
      "fetch",
      (fetch) =>
        (...given) =>
          wrap("outside", () => fetch(...given)),
    ),
    ...["put", "delete", "list"].map((method) =>
      replace(
        bindingOf("BLOBS"),
        method,
        (call) =>
          (...given) =>
            wrap(`blobs.${method}`, () => call(...given)),
      ),
    ),
    replace(
      bindingOf("ACCOUNT"),
      "getByName",
      (getByName) =>
        (...given) =>
          wrapStub(getByName(...given), wrap),
    ),
  ];
  return () => undo.forEach((each) => each());
}

type Method = (...given: unknown[]) => never;

const bindingOf = (name: string) => (env as never as Record<string, Record<string, Method>>)[name] ?? {};
const databaseOf = (name: string) =>
  (env as never as Record<string, { fetcher: Record<string, Method> }>)[name]?.fetcher ?? {};

function replace(
  target: Record<string, Method>,
  name: string,
  make: (real: (...given: unknown[]) => Promise<unknown>) => (...given: unknown[]) => unknown,
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const real = (target[name] as Method).bind(target);
  Object.defineProperty(target, name, { configurable: true, value: make(real) });
  return () => {
    if (own === undefined) delete target[name];
    else Object.defineProperty(target, name, own);
  };
}

function wrapStub(stub: unknown, wrap: Wrap): object {
  return new Proxy(stub as object, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      // Ingest reads what it indexes, whenever it comes to it.
      if (key === "backfill") return (...given: unknown[]) => Reflect.apply(value, target, given) as unknown;
      return (...given: unknown[]) =>
        wrap(`account.${String(key)}`, async () => Reflect.apply(value, target, given) as unknown);
    },
  });
}

/** What a dead host had in memory is gone: the account's object starts anew. */
export async function restart(did: string): Promise<void> {
  const accounts = (env as never as { ACCOUNT: DurableObjectNamespace }).ACCOUNT;
  const die = (_: unknown, state: DurableObjectState) => state.abort("killed by a test");
  await runInDurableObject(accounts.getByName(did), die).catch(() => {});
}
