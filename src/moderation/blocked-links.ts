/** Domains to which posts may not link. The index hides posts that do, and those below such a domain. */
import { asc, gt, inArray, sql, type SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { blockedLink } from "../../schema/directory.ts";

export type BlockedLink = typeof blockedLink.$inferSelect;

/** The most that are kept: whoever blocks more wants a list of others. */
export const BLOCKED_LINKS_MAX = 500;

export class BlockedLinks {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /** By domain, after one of them. */
  async list(limit = BLOCKED_LINKS_MAX, after = ""): Promise<BlockedLink[]> {
    return this.#db
      .select()
      .from(blockedLink)
      .where(gt(blockedLink.domain, after))
      .orderBy(asc(blockedLink.domain))
      .limit(limit);
  }

  /** The statement that blocks domains; none are while there would be too many. */
  blocking(domains: readonly string[], by: string) {
    const at = new Date(this.#clock()).toISOString();
    return this.#db
      .insert(blockedLink)
      .select(
        sql`SELECT value, ${by}, ${at} FROM json_each(${JSON.stringify(domains)})
          WHERE (SELECT count(*) FROM blocked_link) + ${domains.length} <= ${BLOCKED_LINKS_MAX}`,
      )
      .onConflictDoNothing();
  }

  /** The statement that allows domains again. */
  allowing(domains: readonly string[]) {
    return this.#db.delete(blockedLink).where(inArray(blockedLink.domain, [...domains]));
  }

  /** Whether these are the blocked domains still, in their order. */
  holds(domains: readonly string[]): SQL {
    return sql`(SELECT json_group_array(domain) FROM (SELECT domain FROM blocked_link ORDER BY domain)) = ${JSON.stringify(domains)}`;
  }
}
