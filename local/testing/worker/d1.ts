/** Miniflare's D1: the object, and the door that finds it by name, as one small Worker. */
export { D1DatabaseObject } from "miniflare:d1/database";
export { default } from "miniflare:d1/entry";
