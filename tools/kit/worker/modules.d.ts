declare module "atoll:migrations" {
  import type { Migration } from "../../dev/control/messages.ts";
  /** `migrations/`, read when the kit's Worker is built. */
  export const migrations: { directory: Migration[]; appview: Migration[] };
}

declare module "workerd:unsafe" {
  const unsafe: { deleteAllDurableObjects(): Promise<void> };
  export default unsafe;
}

declare module "miniflare:r2/bucket" {
  /** Of the object's own context and environment: `MINIFLARE_BLOBS` is the folder that keeps the bytes. */
  export const R2BucketObject: new (
    ctx: DurableObjectState,
    env: unknown,
  ) => { fetch(request: Request): Promise<Response> };
}
