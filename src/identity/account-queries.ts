/** Queries for single accounts, built once per database: building one costs more CPU than running it. */
import { and, eq, notInArray, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { account } from "../../schema/directory.ts";
import { unhoused } from "./member.ts";

function build(database: D1Database) {
  const db = drizzle(database);
  const isMember = notInArray(account.state, [...unhoused]);
  const one = (column: typeof account.did | typeof account.handle | typeof account.email) =>
    db
      .select()
      .from(account)
      .where(and(eq(column, sql.placeholder("value")), isMember))
      .prepare();
  return {
    byDid: one(account.did),
    byHandle: one(account.handle),
    byEmail: one(account.email),
    /** The row of a DID at any stage. */
    stage: db
      .select()
      .from(account)
      .where(eq(account.did, sql.placeholder("value")))
      .prepare(),
    holders: db
      .select()
      .from(account)
      .where(
        and(
          or(eq(account.handle, sql.placeholder("handle")), eq(account.email, sql.placeholder("email"))),
          isMember,
        ),
      )
      .prepare(),
  };
}

/** The queries of this isolate. A prepared query holds no state of a request. */
const built = new WeakMap<D1Database, ReturnType<typeof build>>();

export function accountQueries(database: D1Database): ReturnType<typeof build> {
  const queries = built.get(database) ?? build(database);
  built.set(database, queries);
  return queries;
}
