/** Miniflare's R2: the object, and the door that finds it by name, as one small Worker. */
export { R2BucketObject } from "miniflare:r2/bucket";
export { default } from "miniflare:shared/object-entry";
