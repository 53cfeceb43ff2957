/** The runtime itself under Cloudflare's rules: fetches, the cache, the objects' SQLite. */
import { PLAN, countSubrequest, invoke, noteWaiting } from "./invocation.ts";
import { checkStatement, checkValues } from "./bindings.ts";
import { add, addCursor } from "./totals.ts";

/** Connections that may wait for an answer at once; further ones wait for those. */
const CONNECTIONS = 6;

/** The zone of the host's own name, which a fetch reaches only with the flag; null: it has none. */
let ownZone: string | null = null;

/** @param publicUrl the setting PUBLIC_URL; a name like `localhost` is no zone */
export function setOwnName(publicUrl: unknown): void {
  if (typeof publicUrl !== "string" || !URL.canParse(publicUrl)) return;
  const labels = new URL(publicUrl).hostname.split(".");
  ownZone = labels.length < 2 ? null : labels.slice(labels.length === 2 ? 0 : 1).join(".");
}

const isInOwnZone = ({ hostname }: URL): boolean =>
  ownZone !== null && (hostname === ownZone || hostname.endsWith(`.${ownZone}`));

/** Holds for the whole isolate, from now on. */
export function holdRuntimeToRules(): void {
  if (PLAN === null) return;
  globalThis.fetch = guardedFetch(globalThis.fetch);
  // At workers.dev the cache keeps nothing.
  const nothing = {
    match: () => Promise.resolve(undefined),
    put: () => Promise.resolve(),
    delete: () => Promise.resolve(false),
  };
  Object.defineProperty(globalThis, "caches", {
    configurable: true,
    value: { default: nothing, open: () => Promise.resolve(nothing) },
  });
}

function guardedFetch(fetchOutside: typeof fetch): typeof fetch {
  let waiting = 0;
  const queue: (() => void)[] = [];
  return async (input, init) => {
    countSubrequest();
    const url = new URL(input instanceof Request ? input.url : String(input));
    const { compatibilityFlags } = Cloudflare;
    if (isInOwnZone(url) && compatibilityFlags["global_fetch_strictly_public"] !== true)
      return new Response("This zone's origin does not answer: see global_fetch_strictly_public.", {
        status: 522,
      });
    if (waiting >= CONNECTIONS) await new Promise<void>((resolve) => queue.push(resolve));
    noteWaiting(++waiting);
    try {
      return await fetchOutside(input, init);
    } finally {
      waiting--;
      queue.shift()?.();
    }
  };
}

/** An object's storage under the rules. Must run before the object's class gets the context. */
export function guardStorage(ctx: DurableObjectState): DurableObjectState {
  if (PLAN === null) return ctx;
  const { sql } = ctx.storage;
  const guardedSql = new Proxy(sql, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        if (key === "exec") {
          checkStatement(String(given[0]));
          checkValues(given.slice(1));
        }
        const made = Reflect.apply(value, target, given) as unknown;
        if (key === "exec") addCursor(made as SqlStorageCursor<Record<string, SqlStorageValue>>);
        return made;
      };
    },
  });
  Object.defineProperty(ctx.storage, "sql", { value: guardedSql });
  const setAlarm = ctx.storage.setAlarm.bind(ctx.storage);
  Object.defineProperty(ctx.storage, "setAlarm", {
    configurable: true,
    value: (...given: Parameters<typeof setAlarm>) => {
      add("objectRowsWritten");
      return setAlarm(...given);
    },
  });
  return ctx;
}

/** Makes each method of a class an invocation of its own. */
export function invokeMethods(made: { prototype: object; name: string }, name: string): void {
  if (PLAN === null) return;
  const { prototype } = made;
  for (const key of Object.getOwnPropertyNames(prototype)) {
    const described = Object.getOwnPropertyDescriptor(prototype, key);
    const value: unknown = described?.value;
    if (key === "constructor" || typeof value !== "function") continue;
    Object.defineProperty(prototype, key, {
      ...described,
      value(this: object, ...given: unknown[]): unknown {
        if (key === "alarm") add("objectRequests");
        return invoke(`${name}.${key}`, () => Reflect.apply(value, this, given) as unknown);
      },
    });
  }
}
