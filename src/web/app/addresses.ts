/** Paths of the app, the same as those of Bluesky's, so that a link works on either by changing the host. */
import { didOf, rkeyOf } from "../../appview/uris.ts";

interface Named {
  did: string;
  handle: string;
}

/** The name of an account in paths: its handle, if it has one. */
export const nameOf = ({ did, handle }: Named): string => (handle === "handle.invalid" ? did : handle);

/** A name as a part of a path: the port in a did:web is written `%3A`, and a path is decoded once. */
const inPath = (name: string): string => name.replaceAll("%", "%25");

export const profilePath = (who: Named): string => `/profile/${inPath(nameOf(who))}`;
export const postPath = (author: Named, uri: string): string => `${profilePath(author)}/post/${rkeyOf(uri)}`;
export const tagPath = (tag: string): string => `/hashtag/${encodeURIComponent(tag.toWellFormed())}`;
export const feedPath = (uri: string, by?: Named): string => pathIn(uri, "feed", by);
export const listPath = (uri: string, by?: Named): string => pathIn(uri, "lists", by);
export const packPath = (uri: string, by?: Named): string =>
  `/starter-pack/${inPath(by === undefined ? didOf(uri) : nameOf(by))}/${rkeyOf(uri)}`;

const pathIn = (uri: string, kind: string, by?: Named): string =>
  `/profile/${inPath(by === undefined ? didOf(uri) : nameOf(by))}/${kind}/${rkeyOf(uri)}`;

/** The address of a link in a post, if a browser may follow it: never a script, never a file. */
export function linkOf(uri: unknown): string | null {
  if (typeof uri !== "string" || !/^https?:\/\//i.test(uri)) return null;
  try {
    return new URL(uri).href;
  } catch {
    return null;
  }
}

export const domainOf = (link: string): string => new URL(link).hostname.replace(/^www\./, "");

/** `com.example.essay` → "Essay" */
export function nameOfCollection(nsid: string): string {
  const last = nsid.slice(nsid.lastIndexOf(".") + 1);
  return last.slice(0, 1).toUpperCase() + last.slice(1);
}
