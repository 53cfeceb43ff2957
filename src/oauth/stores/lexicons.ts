/** The last resolved permission sets, in D1: sessions keep refreshing while an authority is out of reach. */
import type { LexiconData, LexiconStore } from "@atproto/oauth-provider/store";
import { eq } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { oauthLexicon } from "../../../schema/oauth.ts";

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
      lexicon: row.lexicon === null ? null : (JSON.parse(row.lexicon) as LexiconData["lexicon"]),
    };
  }

  async storeLexicon(nsid: string, data: LexiconData): Promise<void> {
    const row = {
      nsid,
      createdAt: data.createdAt.getTime(),
      updatedAt: data.updatedAt.getTime(),
      lastSucceededAt: data.lastSucceededAt?.getTime() ?? null,
      uri: data.uri,
      lexicon: data.lexicon === null ? null : JSON.stringify(data.lexicon),
    };
    await this.#db
      .insert(oauthLexicon)
      .values(row)
      .onConflictDoUpdate({ target: oauthLexicon.nsid, set: row });
  }

  async deleteLexicon(nsid: string): Promise<void> {
    await this.#db.delete(oauthLexicon).where(eq(oauthLexicon.nsid, nsid));
  }
}
