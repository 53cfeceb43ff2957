/** Members' consents to apps, in D1. */
import type { AuthorizedClientData, AuthorizedClients } from "@atproto/oauth-provider/store";
import type { Did } from "@atcute/lexicons";
import { and, desc, eq, inArray } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { ALL } from "../../../schema/limits.ts";
import { oauthConsent } from "../../../schema/oauth.ts";

/** Most apps whose consent is remembered for one member; the one that asked longest ago has to ask again. */
export const CONSENTS_MAX = 500;

export class Consents {
  readonly #db: DrizzleD1Database;

  constructor(database: D1Database) {
    this.#db = drizzle(database);
  }

  async set(did: Did, clientId: string, data: AuthorizedClientData): Promise<void> {
    const now = Date.now();
    const scopes = data.authorizedScopes.join(" ");
    const mine = eq(oauthConsent.did, did);
    const excess = this.#db
      .select({ clientId: oauthConsent.clientId })
      .from(oauthConsent)
      .where(mine)
      .orderBy(desc(oauthConsent.updatedAt), desc(oauthConsent.clientId))
      .limit(ALL)
      .offset(CONSENTS_MAX);
    await this.#db.batch([
      this.#db
        .insert(oauthConsent)
        .values({ did, clientId, scopes, createdAt: now, updatedAt: now })
        .onConflictDoUpdate({
          target: [oauthConsent.did, oauthConsent.clientId],
          set: { scopes, updatedAt: now },
        }),
      this.#db.delete(oauthConsent).where(and(mine, inArray(oauthConsent.clientId, excess))),
    ]);
  }

  /** The scopes that these members allowed, by DID and client id. */
  async of(dids: readonly Did[]): Promise<Map<string, AuthorizedClients>> {
    const byDid = new Map<string, AuthorizedClients>();
    if (dids.length === 0) return byDid;
    const rows = await this.#db
      .select()
      .from(oauthConsent)
      .where(inArray(oauthConsent.did, [...dids]));
    for (const row of rows) {
      const clients = byDid.get(row.did) ?? new Map();
      byDid.set(row.did, clients.set(row.clientId, { authorizedScopes: row.scopes.split(" ") }));
    }
    return byDid;
  }

  /** The scopes that one member allowed, by client id. */
  async ofMember(did: Did): Promise<AuthorizedClients> {
    return (await this.of([did])).get(did) ?? new Map();
  }

  /** Forgets the consent, so that the app has to ask again. */
  async withdraw(did: Did, clientId: string): Promise<void> {
    await this.#db
      .delete(oauthConsent)
      .where(and(eq(oauthConsent.did, did), eq(oauthConsent.clientId, clientId)));
  }
}
