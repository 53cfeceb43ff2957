/** Miniflare's D1 and R2, the objects and the doors that find them by name, as one small Worker. */
import { WorkerEntrypoint } from "cloudflare:workers";
import bucketEntry from "miniflare:shared/object-entry";

export { D1DatabaseObject } from "miniflare:d1/database";
export { default } from "miniflare:d1/entry";
export { R2BucketObject } from "miniflare:r2/bucket";

interface DatabaseBindings {
  R2_OBJECT: unknown;
}

/** Both doors call their objects by one name; the default one is D1's. */
export class Buckets extends WorkerEntrypoint<DatabaseBindings> {
  override fetch(request: Request): Promise<Response> {
    return bucketEntry.fetch(request, { ...this.env, MINIFLARE_OBJECT: this.env.R2_OBJECT }, this.ctx);
  }
}
