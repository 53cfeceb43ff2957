/**
 * R2 for a network: Miniflare's bucket, in the host's own isolate, and read only when a blob comes, since half a megabyte
 * of a schema library comes with it.
 */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import type { Objects } from "../../../src/protocol/stations.ts";

interface BucketBindings {
  BUCKET_OBJECT: Objects<{ fetch(request: Request, init: RequestInit): Promise<Response> }>;
}

/** What an R2 binding talks to; its props name the bucket. */
export class Bucket extends WorkerEntrypoint<BucketBindings, { name: string }> {
  override fetch(request: Request): Promise<Response> {
    const { name } = this.ctx.props;
    // Miniflare's object asks there for its name.
    return this.env.BUCKET_OBJECT.getByName(name).fetch(request, { cf: { miniflare: { name } } });
  }
}

export class BucketObject extends DurableObject {
  #bucket: { fetch(request: Request): Promise<Response> } | null = null;

  override async fetch(request: Request): Promise<Response> {
    const { R2BucketObject } = await import("miniflare:r2/bucket");
    this.#bucket ??= new R2BucketObject(withPrepare(this.ctx), this.env);
    return this.#bucket.fetch(request);
  }
}

/** Miniflare has its objects under the runtime's flag `experimental`, for this one method. */
function withPrepare(ctx: DurableObjectState): DurableObjectState {
  const { sql } = ctx.storage;
  const prepare =
    (query: string) =>
    (...values: SqlStorageValue[]) =>
      sql.exec(query, ...values);
  Object.defineProperty(sql, "prepare", { value: prepare });
  return ctx;
}
