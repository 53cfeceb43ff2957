declare module "workerd:unsafe" {
  const unsafe: { deleteAllDurableObjects(): Promise<void> };
  export default unsafe;
}

declare module "miniflare:r2/bucket" {
  /** Takes the object's own context and environment, where `MINIFLARE_BLOBS` is the folder for the bytes. */
  export const R2BucketObject: new (
    ctx: DurableObjectState,
    env: unknown,
  ) => { fetch(request: Request): Promise<Response> };
}
