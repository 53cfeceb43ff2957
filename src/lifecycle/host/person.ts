/** Whose place one person's host is. */
import { and, asc, eq, notInArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { account, role } from "../../../schema/directory.ts";
import { type Member, asMember, unhoused } from "../../identity/member.ts";

/** The owner, the one who has been it longest; the first account where there is none. Null on an empty host. */
export async function personOf(directory: D1Database): Promise<Member | null> {
  const db = drizzle(directory);
  const housed = notInArray(account.state, [...unhoused]);
  const [owners, [first]] = await db.batch([
    db
      .select({ account })
      .from(role)
      .innerJoin(account, eq(account.did, role.did))
      .where(and(eq(role.role, "owner"), housed))
      .orderBy(asc(role.grantedAt))
      .limit(1),
    db.select().from(account).where(housed).orderBy(asc(account.createdAt), asc(account.did)).limit(1),
  ]);
  const row = owners[0]?.account ?? first;
  return row === undefined ? null : asMember(row);
}
