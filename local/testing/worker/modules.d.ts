declare module "atoll:migrations" {
  import type { Migration } from "../../control/messages.ts";
  /** `migrations/`, read when the kit's Worker is built. */
  export const migrations: { directory: Migration[]; appview: Migration[] };
}

declare module "workerd:unsafe" {
  const unsafe: { deleteAllDurableObjects(): Promise<void> };
  export default unsafe;
}

declare module "miniflare:shared/object-entry" {
  const entry: { fetch(request: Request, env: unknown, context: unknown): Promise<Response> };
  export default entry;
}

declare module "miniflare:*" {
  export const D1DatabaseObject: unknown;
  export const R2BucketObject: unknown;
  const entry: unknown;
  export default entry;
}
