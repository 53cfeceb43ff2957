/**
 * The last resolved permission sets, in D1: sessions keep refreshing while an authority is out of reach. An
 * app may name any set, so they are bounded in size and number.
 */
import type { LexiconData, LexiconStore } from "@atproto/oauth-provider/store";
import { desc, eq, inArray, isNotNull } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { ALL } from "../../../schema/limits.ts";
import { oauthLexicon } from "../../../schema/oauth.ts";

/** Most permission sets, and the most characters of one. */
export const LEXICONS_MAX = 500;
const LEXICON_MAX = 65_536;

export class Lexicons implements LexiconStore {
  readonly #db: DrizzleD1Database;

  constructor(database: D1Database) {
    this.#db = drizzle(database);
  }

  async findLexicon(nsid: string): Promise<LexiconData | null> {
    const row = await this.#db.select().from(oauthLexicon).where(eq(oauthLexicon.nsid, nsid)).get();
    if (!row) return null;
    return {
      createdAt: new Date(row.createdAt),
      updatedAt: new Date(row.updatedAt),
      lastSucceededAt: row.lastSucceededAt === null ? null : new Date(row.lastSucceededAt),
      uri: row.uri,
      lexicon: row.lexicon,
    };
  }

  /**
   * Stores a set, unless it is too long. The sets make way that nobody could ever resolve, and then those that
   * were resolved longest ago.
   */
  async storeLexicon(nsid: string, data: LexiconData): Promise<void> {
    const { lexicon } = data;
    if (lexicon !== null && JSON.stringify(lexicon).length > LEXICON_MAX) return;
    const row = {
      nsid,
      createdAt: data.createdAt.getTime(),
      updatedAt: data.updatedAt.getTime(),
      lastSucceededAt: data.lastSucceededAt?.getTime() ?? null,
      uri: data.uri,
      lexicon,
    };
    const { lastSucceededAt, updatedAt } = oauthLexicon;
    const excess = this.#db
      .select({ nsid: oauthLexicon.nsid })
      .from(oauthLexicon)
      .orderBy(desc(isNotNull(lastSucceededAt)), desc(updatedAt), desc(oauthLexicon.nsid))
      .limit(ALL)
      .offset(LEXICONS_MAX);
    await this.#db.batch([
      this.#db.insert(oauthLexicon).values(row).onConflictDoUpdate({ target: oauthLexicon.nsid, set: row }),
      this.#db.delete(oauthLexicon).where(inArray(oauthLexicon.nsid, excess)),
    ]);
  }

  async deleteLexicon(nsid: string): Promise<void> {
    await this.#db.delete(oauthLexicon).where(eq(oauthLexicon.nsid, nsid));
  }
}
