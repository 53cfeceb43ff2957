/**
 * App sessions, in D1. A session is a family of tokens: every refresh issues a new access token and a new
 * refresh token, and spends the old one. A spent token that comes back leads to its family, which then ends.
 */
import type {
  Code,
  CreateTokenData,
  NewTokenData,
  RefreshToken,
  TokenId,
  TokenInfo,
  TokenStore,
} from "@atproto/oauth-provider/store";
import type { Did } from "@atcute/lexicons";
import { and, desc, eq, inArray, sql, type SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { ALL } from "../../../schema/limits.ts";
import { oauthSession, oauthSpent } from "../../../schema/oauth.ts";
import type { Accounts } from "./accounts.ts";
import { digestOf } from "../digest.ts";
import { forgetTokens } from "../token-cache.ts";

type Row = typeof oauthSession.$inferSelect;

/** Most sessions of one member; the one that was refreshed longest ago makes way for the next. */
export const SESSIONS_MAX = 100;
/** Most spent tokens that a session remembers, the newest ones. */
export const SPENT_MAX = 100;

/** Another request refreshed the same session first; its tokens are the valid ones. */
export class LostRace extends Error {}

export class Sessions implements TokenStore {
  readonly #database: D1Database;
  readonly #db: DrizzleD1Database;
  readonly #accounts: Accounts;

  constructor(database: D1Database, accounts: Accounts) {
    this.#database = database;
    this.#db = drizzle(database);
    this.#accounts = accounts;
  }

  async createToken(tokenId: TokenId, data: CreateTokenData, refreshToken?: RefreshToken): Promise<void> {
    const created = this.#db.insert(oauthSession).values({
      family: tokenId,
      tokenId,
      refreshDigest: refreshToken === undefined ? null : digestOf(refreshToken),
      did: data.did,
      clientId: data.clientId,
      clientAuth: data.clientAuth,
      parameters: data.parameters,
      scope: data.scope,
      deviceId: data.deviceId,
      createdAt: data.createdAt.getTime(),
      updatedAt: data.updatedAt.getTime(),
      expiresAt: data.expiresAt.getTime(),
    });
    const { did, family, updatedAt } = oauthSession;
    const excess = this.#db
      .select({ family })
      .from(oauthSession)
      .where(eq(did, data.did))
      .orderBy(desc(updatedAt), desc(family))
      .limit(ALL)
      .offset(SESSIONS_MAX);
    await this.#db.batch([
      created,
      ...(data.code === null ? [] : [this.#spend(data.code, tokenId, data.createdAt)]),
      this.#db.delete(oauthSession).where(inArray(family, excess)),
    ]);
  }

  async readToken(tokenId: TokenId): Promise<TokenInfo | null> {
    return this.#one(eq(oauthSession.tokenId, tokenId), null);
  }

  async deleteToken(tokenId: TokenId): Promise<void> {
    forgetTokens();
    await this.#db.delete(oauthSession).where(eq(oauthSession.tokenId, tokenId));
  }

  /**
   * Of two concurrent rotations one wins. The other throws `LostRace`: its refresh token was never given out.
   */
  async rotateToken(
    tokenId: TokenId,
    newTokenId: TokenId,
    newRefreshToken: RefreshToken,
    newData: NewTokenData,
  ): Promise<void> {
    forgetTokens();
    const at = newData.updatedAt.getTime();
    const [, rotated] = await this.#database.batch([
      this.#database
        .prepare(
          `INSERT OR IGNORE INTO oauth_spent (digest, family, spent_at)
           SELECT refresh_digest, family, ?2 FROM oauth_session WHERE token_id = ?1 AND refresh_digest IS NOT NULL`,
        )
        .bind(tokenId, at),
      this.#database
        .prepare(
          `UPDATE oauth_session SET token_id = ?2, refresh_digest = ?3, client_auth = ?4, scope = ?5, updated_at = ?6,
           expires_at = ?7 WHERE token_id = ?1`,
        )
        .bind(
          tokenId,
          newTokenId,
          digestOf(newRefreshToken),
          JSON.stringify(newData.clientAuth),
          newData.scope,
          at,
          newData.expiresAt.getTime(),
        ),
      this.#database
        .prepare(
          `DELETE FROM oauth_spent WHERE digest IN (
             SELECT s.digest FROM oauth_spent s JOIN oauth_session f ON f.family = s.family AND f.token_id = ?1
             ORDER BY s.spent_at DESC, s.digest LIMIT -1 OFFSET ${SPENT_MAX})`,
        )
        .bind(newTokenId),
    ]);
    if (rotated === undefined || rotated.meta.changes === 0) {
      throw new LostRace("the session was refreshed by another request");
    }
  }

  async findTokenByRefreshToken(refreshToken: RefreshToken): Promise<TokenInfo | null> {
    const digest = digestOf(refreshToken);
    const current = await this.#one(eq(oauthSession.refreshDigest, digest), refreshToken);
    return current ?? this.#spentOne(digest);
  }

  async findTokenByCode(code: Code): Promise<TokenInfo | null> {
    return this.#spentOne(digestOf(code));
  }

  async listAccountTokens(did: Did): Promise<TokenInfo[]> {
    const rows = await this.#db.select().from(oauthSession).where(eq(oauthSession.did, did));
    const account = rows.length === 0 ? null : await this.#accounts.account(did);
    return account === null ? [] : rows.map((row) => asTokenInfo(row, account, null));
  }

  /** Ends all of an account's sessions with one app. */
  async endAll(did: Did, clientId: string): Promise<void> {
    forgetTokens();
    const which = and(eq(oauthSession.did, did), eq(oauthSession.clientId, clientId));
    await this.#db.delete(oauthSession).where(which);
  }

  #spend(secret: string, family: string, at: Date) {
    return this.#db
      .insert(oauthSpent)
      .values({ digest: digestOf(secret), family, spentAt: at.getTime() })
      .onConflictDoNothing();
  }

  /**
   * The session that a spent code or refresh token led to. Its current refresh token is null, since it was
   * not presented.
   */
  async #spentOne(digest: string): Promise<TokenInfo | null> {
    const family = sql`(SELECT family FROM oauth_spent WHERE digest = ${digest})`;
    return this.#one(eq(oauthSession.family, family), null);
  }

  async #one(condition: SQL, presented: RefreshToken | null): Promise<TokenInfo | null> {
    const row = await this.#db.select().from(oauthSession).where(condition).get();
    if (!row) return null;
    const account = await this.#accounts.account(row.did);
    return account === null ? null : asTokenInfo(row, account, presented);
  }
}

/** Rows hold only what `createToken` and `rotateToken` were given. */
function asTokenInfo(row: Row, account: TokenInfo["account"], presented: RefreshToken | null): TokenInfo {
  return {
    id: row.tokenId,
    account,
    currentRefreshToken: presented,
    data: {
      createdAt: new Date(row.createdAt),
      updatedAt: new Date(row.updatedAt),
      expiresAt: new Date(row.expiresAt),
      clientId: row.clientId,
      clientAuth: row.clientAuth,
      deviceId: row.deviceId,
      did: row.did,
      parameters: row.parameters,
      details: null,
      code: null,
      scope: row.scope,
    },
  };
}
