/**
 * Pending authorization requests, in D1. Anybody may push one, so they are bounded in size and number, and
 * each new one removes those that expired a while ago.
 */
import type {
  Code,
  FoundRequestResult,
  RequestData,
  RequestId,
  RequestStore,
  UpdateRequestData,
} from "@atproto/oauth-provider/store";
import { eq } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { oauthRequest } from "../../../schema/oauth.ts";
import { digestOf } from "../digest.ts";

type Row = typeof oauthRequest.$inferSelect;

/** Most characters of an app's `state`, and of all parameters of a request as JSON. */
const STATE_MAX = 2_048;
const PARAMETERS_MAX = 16_384;
/** Most requests under way. */
export const PENDING_MAX = 5_000;
/** How long an expired request is kept, so that its page can say that it has expired. */
export const EXPIRED_KEPT_MS = 10 * 60_000;

/** Refusals in OAuth's form. */
export interface RequestRefusals {
  tooLong(what: string): Error;
  tooMany(): Error;
}

export class Requests implements RequestStore {
  readonly #database: D1Database;
  readonly #db: DrizzleD1Database;
  readonly #refusals: RequestRefusals;

  constructor(database: D1Database, refusals: RequestRefusals) {
    this.#database = database;
    this.#db = drizzle(database);
    this.#refusals = refusals;
  }

  /** Throws the refusals for a request that is too long, and while too many are under way. */
  async createRequest(id: RequestId, data: RequestData): Promise<void> {
    const parameters = JSON.stringify(data.parameters);
    if ((data.parameters.state ?? "").length > STATE_MAX) throw this.#refusals.tooLong("state");
    if (parameters.length > PARAMETERS_MAX) throw this.#refusals.tooLong("request");
    const { clientId, clientAuth, expiresAt, deviceId, did, code } = data;
    const [, inserted] = await this.#database.batch([
      this.#database
        .prepare("DELETE FROM oauth_request WHERE expires_at < ?1")
        .bind(Date.now() - EXPIRED_KEPT_MS),
      this.#database
        .prepare(
          `INSERT INTO oauth_request
             (id, client_id, client_auth, parameters, expires_at, device_id, did, code_digest)
           SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE (SELECT count(*) FROM oauth_request) < ${PENDING_MAX}`,
        )
        .bind(
          id,
          clientId,
          clientAuth === null ? null : JSON.stringify(clientAuth),
          parameters,
          expiresAt.getTime(),
          deviceId,
          did,
          code === null ? null : digestOf(code),
        ),
    ]);
    if (inserted?.meta.changes === 0) throw this.#refusals.tooMany();
  }

  async readRequest(id: RequestId): Promise<RequestData | null> {
    const row = await this.#db.select().from(oauthRequest).where(eq(oauthRequest.id, id)).get();
    return row ? asRequest(row, null) : null;
  }

  async updateRequest(id: RequestId, data: UpdateRequestData): Promise<void> {
    const { did, code, deviceId, expiresAt, parameters } = data;
    await this.#db
      .update(oauthRequest)
      .set({
        did,
        codeDigest: code === undefined || code === null ? code : digestOf(code),
        deviceId,
        expiresAt: expiresAt?.getTime(),
        parameters,
      })
      .where(eq(oauthRequest.id, id));
  }

  async deleteRequest(id: RequestId): Promise<void> {
    await this.#db.delete(oauthRequest).where(eq(oauthRequest.id, id));
  }

  /**
   * Finds and removes the request in one statement: of two exchanges of one code, only one gets the request.
   */
  async consumeRequestCode(code: Code): Promise<FoundRequestResult | null> {
    const row = await this.#db
      .delete(oauthRequest)
      .where(eq(oauthRequest.codeDigest, digestOf(code)))
      .returning()
      .get();
    return row ? { requestId: row.id, data: asRequest(row, code) } : null;
  }
}

/**
 * `code` is the code as presented, since only its digest is stored. Rows hold only what `createRequest` was
 * given.
 */
function asRequest(row: Row, code: Code | null): RequestData {
  return {
    clientId: row.clientId,
    clientAuth: row.clientAuth,
    parameters: row.parameters,
    expiresAt: new Date(row.expiresAt),
    deviceId: row.deviceId,
    did: row.did,
    code,
  };
}
