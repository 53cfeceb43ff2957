/** Settings that are domain names. */
import { Unfit, shown, split, unique } from "./unfit.ts";

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a name in lower case can be found by DNS: two labels or more, the last of which begins with a letter. */
export function isDomain(name: string): boolean {
  const labels = name.split(".");
  return (
    labels.length > 1 && labels.every((label) => LABEL.test(label)) && /^[a-z]/.test(labels.at(-1) ?? "")
  );
}

/** Top-level domains below which no account can have a handle (atproto handle spec). */
export const DISALLOWED_TLDS: readonly string[] = [
  "alt",
  "arpa",
  "example",
  "internal",
  "invalid",
  "local",
  "localhost",
  "onion",
];

/** Whether a host is one of the setting BLOCKED_HOSTS, or below one of them. */
export const isBlockedHost = (blocked: string, hostname: string): boolean =>
  blocked.split(",").some((name) => name !== "" && (hostname === name || hostname.endsWith(`.${name}`)));

/** A domain as somebody types it: a link to it, or with `www.`; null for what is none. */
export function domainNamed(typed: string): string | null {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `https://${typed}`);
  const name = (url?.hostname ?? "").replace(/^www\./, "").replace(/\.$/, "");
  return isDomain(name) && name.length <= 253 ? name : null;
}

const HOSTS_MAX = 200;

/** Names of hosts, separated by commas. */
export function readHosts(text: string): string {
  const names = split(text).map((typed) => {
    const name = domainNamed(typed);
    if (name === null) throw new Unfit(`has ${shown(typed)}, which is no host: write it as example.com`);
    return name;
  });
  if (names.length > HOSTS_MAX) throw new Unfit(`has more than ${HOSTS_MAX} hosts`);
  return unique(names).join(",");
}

/** The longest name that a member may choose below a domain, with DNS's limit of 253 characters for all. */
const LONGEST_DOMAIN = 253 - 18;

/**
 * Domains with their leading dot, separated by commas. Takes them in capitals, without the dot, with `*` for
 * the name, and in letters of any script.
 */
export const readDomains = (text: string): string => {
  const domains = unique(split(text).map(readDomain));
  if (domains.length === 0) throw new Unfit(`is ${shown(text)}, which names no domain`);
  return domains.join(",");
};

function readDomain(part: string): string {
  const bare = part.replace(/^\*?\./, "").replace(/\.$/, "");
  if (/[^\p{L}\p{M}\p{N}.-]/u.test(bare) || bare === "") {
    throw new Unfit(`has ${shown(part)}, which is not a domain: write it as .example.com`);
  }
  const name = URL.parse(`https://${bare}/`)?.hostname ?? "";
  const labels = name.split(".");
  const isTest = name === "test";
  if (
    !labels.every((label) => LABEL.test(label)) ||
    !/^[a-z]/.test(labels.at(-1) ?? "") ||
    name.length > LONGEST_DOMAIN
  ) {
    throw new Unfit(`has ${shown(part)}, which is not a domain: write it as .example.com`);
  }
  if (DISALLOWED_TLDS.includes(labels.at(-1) ?? "")) {
    throw new Unfit(`has ${shown(part)}, below which no account can have a handle`);
  }
  if (labels.length === 1 && !isTest) {
    throw new Unfit(`has ${shown(part)}, which is a whole top-level domain: write it as .example.com`);
  }
  return `.${name}`;
}
