/** The log: one line of JSON an entry, for programs to read. Nothing else in `src` writes to the console. */

/** `info` is for requests, `warn` for what mends itself, `error` for what an operator should look at. */
type Level = "info" | "warn" | "error";

/** An entry's own fields. They never hold a token, a password or an e-mail address. */
type Fields = Readonly<Record<string, unknown>>;

const WRITERS: Record<Level, "log" | "warn" | "error"> = { info: "log", warn: "warn", error: "error" };

/**
 * Writes `{"time", "level", "at", …fields}`. An error among the fields is written with its stack.
 * @param at where in the host it happened, such as `account.alarm`
 */
export function logLine(level: Level, at: string, fields: Fields): void {
  const line = JSON.stringify({ time: new Date().toISOString(), level, at, ...fields }, withStack);
  // Asked for by name at each call, since tests replace it.
  console[WRITERS[level]](line);
}

/** JSON has no words for an error, which it writes as `{}`. */
const withStack = (_key: string, value: unknown): unknown =>
  value instanceof Error ? (value.stack ?? value.message) : value;

/** The message of a thrown value, in one line. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
