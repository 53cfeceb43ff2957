/**
 * D1's read replicas, if the owner chose them: they answer guests, from near them. Whoever is signed in reads the
 * primary, and so their own writes: clients echo no bookmark, and isolates do not know one another's.
 */
import type { Settings } from "../protocol/settings/list.ts";

type Replicated = Pick<Settings, "READ_REPLICAS"> & { APPVIEW_DB: D1Database };

/** By their cookie, whether or not it still signs anybody in. */
const BROWSER = /(^|;\s*)(__Host-)?atoll-browser=/;

/** Whether a request can only read, and nobody's own. */
export const isGuests = ({ method, headers }: Request): boolean =>
  (method === "GET" || method === "HEAD") &&
  !headers.has("authorization") &&
  !BROWSER.test(headers.get("cookie") ?? "");

/**
 * The bindings for a request: for a guest's, the index is a session that may begin at any replica. What it reads
 * later in the request is never older than what it read before.
 */
export function nearGuests<Env extends Replicated>(env: Env, request: Request): Env {
  if (env.READ_REPLICAS !== "guests" || !isGuests(request)) return env;
  return { ...env, APPVIEW_DB: sessionOf(env.APPVIEW_DB) };
}

function sessionOf(database: D1Database): D1Database {
  const session = database.withSession("first-unconstrained");
  return {
    prepare: (query) => session.prepare(query),
    batch: (statements) => session.batch(statements),
    exec: (query) => database.exec(query),
    withSession: (from) => database.withSession(from),
    dump: () => database.dump(),
  };
}
