/** How the texts of settings are read. Each reader gives a text's normal form, or throws `Unfit`. */

import { visibleText } from "../visible-text.ts";
import { isDomain } from "./domains.ts";
import { Unfit, shown, split, unique } from "./unfit.ts";

/** One of the given words, in any case. */
export function readChoice<Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text.toLowerCase());
    if (found === undefined) throw new Unfit(`is ${shown(text)}, which is none of ${words.join(", ")}`);
    return found;
  };
}

/** `1` or nothing: what only looks like a yes or a no must not open a deployed host to loopback addresses. */
export function readLocal(text: string): "1" | "" {
  if (text !== "1") throw new Unfit(`is ${shown(text)}: it is 1 in a local run, and empty otherwise`);
  return text;
}

function parseUrl(text: string, isLocal: boolean): URL {
  const url = URL.parse(text);
  if (url === null) throw new Unfit(`is ${shown(text)}, which is not a URL: write it as https://name`);
  if (url.username !== "" || url.password !== "") throw new Unfit("has a user or password in its URL");
  if (url.protocol !== "https:" && !(isLocal && url.protocol === "http:")) {
    throw new Unfit(`is ${shown(text)}, but has to begin with https://`);
  }
  if (url.search !== "" || url.hash !== "") throw new Unfit(`is ${shown(text)}, but may have no ? or #`);
  return url;
}

function readOrigin(text: string, isLocal: boolean): string {
  const url = parseUrl(text, isLocal);
  if (url.pathname !== "/") throw new Unfit(`is ${shown(text)}, but may have no path`);
  return url.origin;
}

export type Link = `http${"" | "s"}://${string}`;

/** The address of a page on the web, query and all. */
export function readLink(text: string): Link {
  const url = URL.parse(text);
  if (url?.username || url?.password) throw new Unfit("has a user or password in its URL");
  if (url !== null && isLink(url.href)) return url.href;
  throw new Unfit(`is ${shown(text)}, which is not the address of a page: write it as https://name/page`);
}

const isLink = (text: string): text is Link => /^https?:\/\//.test(text);

/** An origin, below whose name a host can be found. */
export function readPublicUrl(text: string, isLocal: boolean): string {
  const origin = readOrigin(text, isLocal);
  const { hostname, port } = new URL(origin);
  // did:web of a host, and what others accept as the address of one, have a name and no port.
  if (!isLocal && (!isDomain(hostname) || port !== "")) {
    throw new Unfit(`is ${shown(text)}, but has to be a public name without a port`);
  }
  return origin;
}

/** A URL without a slash at its end. */
export const readUrl = (text: string, isLocal: boolean): string =>
  parseUrl(text, isLocal).href.replace(/\/+$/, "");

/** Origins, separated by commas. */
export const readOrigins = (text: string, isLocal: boolean): string =>
  unique(split(text).map((part) => readOrigin(part, isLocal))).join(",");

const DID = /^did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]$/;

/** `local`, or a DID and the name of its service. */
export function readAppView(text: string): string {
  if (text.toLowerCase() === "local") return "local";
  const [did = "", service = "", ...rest] = text.split("#");
  if (!DID.test(did) || !/^[a-zA-Z0-9_-]+$/.test(service) || rest.length > 0) {
    throw new Unfit(`is ${shown(text)}: it is local, or did:web:api.bsky.app#bsky_appview and its like`);
  }
  return text;
}

/** A DID; the name of its labeler's service may follow, and is left out. */
export function readModerationService(text: string): string {
  const did = text.replace(/#atproto_labeler$/, "");
  if (!DID.test(did)) throw new Unfit(`is ${shown(text)}, which is not a DID`);
  return did;
}

/** Digits alone, at least one byte. */
export function readBytes(text: string): string {
  const bytes = /^\d+$/.test(text) ? Number(text) : 0;
  if (bytes < 1 || !Number.isSafeInteger(bytes)) {
    throw new Unfit(`is ${shown(text)}, which is not a number of bytes: write it in digits`);
  }
  return String(bytes);
}

const COUNT_MAX = 1_000;

/** A number of at most 1,000, in digits. */
export function readCount(text: string): string {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : Infinity;
  if (count > COUNT_MAX)
    throw new Unfit(`is ${shown(text)}: write a number from 0 to ${COUNT_MAX} in digits`);
  return String(count);
}

/** An e-mail address, without a name. */
export function readEmail(text: string): string {
  if (!/^[^<>\s@"]+@[^<>\s@"]+$/u.test(text)) {
    throw new Unfit(`is ${shown(text)}: write it as name@example.com`);
  }
  return text;
}

/** `Name <address>`, or an address. */
export function readSender(text: string): string {
  if (!/^(?:[^<>\p{Cc}]*<[^<>\s@]+@[^<>\s@]+>|[^<>\s@]+@[^<>\s@]+)$/u.test(text)) {
    throw new Unfit(`is ${shown(text)}: write it as Name <address@example.com>`);
  }
  return text;
}

const NAME_CHARACTERS = 64;

/** A line of at most 64 characters. */
export function readName(text: string): string {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) throw new Unfit("has characters that do not show");
  if (Array.from(text).length > NAME_CHARACTERS)
    throw new Unfit(`is longer than ${NAME_CHARACTERS} characters`);
  return text;
}

/** `#rrggbb` in lower case. Takes it without the sign too, and in three digits. */
export function readColour(text: string): string {
  const [, digits] = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text) ?? [];
  if (digits === undefined) throw new Unfit(`is ${shown(text)}: write it as #0e7c86`);
  const long = digits.length === 3 ? digits.replaceAll(/./g, "$&$&") : digits;
  return `#${long.toLowerCase()}`;
}

/** The name of a file that the host made: a digest and the kind of picture. */
export function readLogo(text: string): string {
  if (!/^[0-9a-f]{32}\.(png|jpg|webp)$/.test(text)) throw new Unfit("is no file of this host's");
  return text;
}

/** A password that can be sent by Basic authentication (RFC 7617): any characters but control characters. */
export function readPassword(text: string): string {
  if (/\p{Cc}/u.test(text)) throw new Unfit("has control characters, which no client can send");
  if (!text.isWellFormed()) throw new Unfit("is not well-formed text");
  return text.normalize("NFC");
}

/** A secret that people type, perhaps of several words: what nobody sees of it does not count. */
export function readCode(least: number): (text: string) => string {
  return (text) => {
    const code = codeOf(text);
    if (code.length < least) throw new Unfit(`is shorter than ${least} characters`);
    return code;
  };
}

/** The form in which such a secret is compared. */
export const codeOf = (typed: string): string => visibleText(typed).normalize("NFC");

/** A secret of visible ASCII characters. */
export function readToken(least: number): (text: string) => string {
  return (text) => {
    if (text.length < least) throw new Unfit(`is shorter than ${least} characters`);
    if (!/^[!-~]+$/.test(text)) throw new Unfit("has blanks, or characters beyond ASCII");
    return text;
  };
}

/** Order of the group of K-256: a private key is smaller. */
const K256_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** 32 bytes in hex, in lower case: a K-256 private key. */
export function readKey(text: string): string {
  const isHex = /^[0-9a-f]{64}$/i.test(text);
  const value = isHex ? BigInt(`0x${text}`) : 0n;
  if (value === 0n || value >= K256_ORDER) throw new Unfit("is not a K-256 private key, 32 bytes in hex");
  return text.toLowerCase();
}

const SHOWS_MAX = 8;

/** `posts`, which are there in any case, `replies`, `media`, and NSIDs of collections, separated by commas or blanks. */
export function readShows(text: string): string {
  const shows = unique(text.split(/[\s,;]+/).filter((part) => part !== ""));
  const odd = shows.find(
    (part) => !/^(posts|replies|media|[a-zA-Z][a-zA-Z0-9-]*(\.[a-zA-Z0-9-]+)+)$/.test(part),
  );
  if (odd !== undefined)
    throw new Unfit(
      `has ${shown(odd)}, which is neither replies, media nor a collection such as com.example.essay`,
    );
  if (shows.length > SHOWS_MAX) throw new Unfit(`has more than ${SHOWS_MAX} parts`);
  return shows.join(",");
}

const WORDS_MAX = 200;

/** Words of small letters and digits, at least two of them, separated by commas or blanks. */
export function readWords(text: string): string {
  const words = unique(
    text
      .toLowerCase()
      .split(/[\s,;]+/)
      .filter((word) => word !== ""),
  );
  const odd = words.find((word) => !/^[a-z0-9]{2,32}$/.test(word));
  if (odd !== undefined) throw new Unfit(`has ${shown(odd)}, which is no word of two letters or more`);
  if (words.length > WORDS_MAX) throw new Unfit(`has more than ${WORDS_MAX} words`);
  return words.join(",");
}

/** An uncompressed point of P-256 in base64url, 65 bytes. */
export function readPoint(text: string): string {
  if (!/^B[A-Za-z0-9_-]{86}$/.test(text)) throw new Unfit("is no public key of a backup");
  return text;
}

/** `https://endpoint/bucket`, with folders and `?region=` if wanted. */
export function readBucket(text: string, isLocal: boolean): string {
  const url = URL.parse(text);
  const isSafe = url?.protocol === "https:" || (isLocal && url?.protocol === "http:");
  if (url === null || !isSafe || url.pathname.length < 2 || url.username !== "" || url.hash !== "") {
    throw new Unfit(`is ${shown(text)}: write it as https://s3.example.com/bucket`);
  }
  return url.href;
}

/** An access key's id and its secret. */
export function readS3Key(text: string): string {
  if (!/^[!-9;-~]+:[!-~]+$/.test(text)) throw new Unfit("is no `id:secret`");
  return text;
}
