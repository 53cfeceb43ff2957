/** Pending authorization requests, in D1. They expire within minutes; `tidy` deletes what is left over. */
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

export class Requests implements RequestStore {
  readonly #db: DrizzleD1Database;

  constructor(database: D1Database) {
    this.#db = drizzle(database);
  }

  async createRequest(id: RequestId, data: RequestData): Promise<void> {
    await this.#db.insert(oauthRequest).values({
      id,
      clientId: data.clientId,
      clientAuth: data.clientAuth === null ? null : JSON.stringify(data.clientAuth),
      parameters: JSON.stringify(data.parameters),
      expiresAt: data.expiresAt.getTime(),
      deviceId: data.deviceId,
      did: data.did,
      codeDigest: data.code === null ? null : digestOf(data.code),
    });
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
        ...(did === undefined ? {} : { did }),
        ...(code === undefined ? {} : { codeDigest: code === null ? null : digestOf(code) }),
        ...(deviceId === undefined ? {} : { deviceId }),
        ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.getTime() }),
        ...(parameters === undefined ? {} : { parameters: JSON.stringify(parameters) }),
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
    return row ? { requestId: row.id as RequestId, data: asRequest(row, code) } : null;
  }
}

/**
 * `code` is the code as presented, since only its digest is stored. Rows hold only what `createRequest` was
 * given.
 */
function asRequest(row: Row, code: Code | null): RequestData {
  return {
    clientId: row.clientId,
    clientAuth: row.clientAuth === null ? null : (JSON.parse(row.clientAuth) as RequestData["clientAuth"]),
    parameters: JSON.parse(row.parameters) as RequestData["parameters"],
    expiresAt: new Date(row.expiresAt),
    deviceId: row.deviceId as RequestData["deviceId"],
    did: row.did as RequestData["did"],
    code,
  };
}
