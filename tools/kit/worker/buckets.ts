/**
 * R2 for a network: Miniflare's bucket in the host's own isolate. It is loaded only for the first blob, since
 * it brings half a megabyte of schema library.
 */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import type { Objects } from "../../../src/protocol/stations.ts";

interface BucketBindings {
  BUCKET_OBJECT: Objects<{ fetch(request: Request, init: RequestInit): Promise<Response> }>;
}

/** The service behind an R2 binding. Its props name the bucket. */
export class Bucket extends WorkerEntrypoint<BucketBindings, { name: string }> {
  override fetch(request: Request): Promise<Response> {
    const { name } = this.ctx.props;
    // Miniflare's object reads its name from there.
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

/**
 * Adds `sql.prepare`, the one method for which Miniflare runs its objects under the runtime's flag
 * `experimental`.
 */
function withPrepare(ctx: DurableObjectState): DurableObjectState {
  const { sql } = ctx.storage;
  const prepare =
    (query: string) =>
    (...values: SqlStorageValue[]) =>
      sql.exec(query, ...values);
  Object.defineProperty(sql, "prepare", { value: prepare });
  return ctx;
}
