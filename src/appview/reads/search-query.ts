/**
 * Parses a search for posts: words and "phrases", and operators as Bluesky has them (`from:`, `to:`,
 * `mentions:`, `since:`, `until:`, `lang:`, `domain:`, `url:`, `#tag`, each optionally negated with `-`).
 * Pure.
 */
import { wordsOf } from "../folding.ts";
import type { TermKind, TypedTermKind } from "../search-terms.ts";

/** One condition that a post must or must not meet. Actors are as written: a DID, a handle, or `me`. */
export type Clause = { not: boolean } & (
  | { kind: "words"; words: string[]; exact: boolean }
  | { kind: "actor"; term: "author" | "mention" | "answered"; actor: string }
  | { kind: "term"; term: TermKind; value: string }
  /** One of the terms without a value. */
  | { kind: "mark"; mark: string }
  | { kind: "any"; of: Clause[] }
);

export interface SearchQuery {
  clauses: Clause[];
  /** Whether the query had text, but nothing to search posts by. */
  senseless: boolean;
  /** Milliseconds: from `since` (inclusive) to `until` (exclusive). */
  since?: number;
  until?: number;
}

/** The quotation marks of many languages, which stand at either end: „so“, «so», »so«, ”so”, 「so」. */
const QUOTES = '"“”„‟«»‹›＂「」『』〝〞〟';
const QUOTE = new RegExp(`[${QUOTES}]`, "gu");
const TOKEN = new RegExp(`(?:[^\\s${QUOTES}]|[${QUOTES}][^${QUOTES}]*(?:[${QUOTES}]|$))+`, "gu");
/** More than anybody writes; further clauses are dropped. */
const CLAUSES_MAX = 30;
const DAY = 24 * 60 * 60 * 1000;

/** Splits at spaces, except within quotation marks. */
function* tokens(text: string): Generator<string> {
  for (const [token] of text.matchAll(TOKEN)) yield token;
}

const unquoted = (text: string): string => text.replace(QUOTE, "");

/** Milliseconds of a date (the beginning of its day, UTC) or datetime; undefined for anything else. */
export function instantOf(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}([T ]|$)/.test(text)) return undefined;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}

/** Like `instantOf`, but for a date the end of its day: `until:` includes the day it names. */
export function untilOf(text: string): number | undefined {
  const instant = instantOf(text);
  return instant !== undefined && text.length === 10 ? instant + DAY : instant;
}

/** Posts that mention an account, and replies to it. */
export function addressedTo(actor: string, not = false): Clause {
  const of = (["mention", "answered"] as const).map((term) => ({
    kind: "actor" as const,
    term,
    actor,
    not: false,
  }));
  return { kind: "any", of, not };
}

function operator(name: string, value: string, not: boolean): Clause | undefined {
  const term = (kind: TypedTermKind, typed: string): Clause => ({
    kind: "term",
    term: kind,
    value: typed,
    not,
  });
  const actor = value.replace(/^@/, "");
  switch (name) {
    case "from":
    case "author":
      return { kind: "actor", term: "author", actor, not };
    case "mention":
    case "mentions":
      return { kind: "actor", term: "mention", actor, not };
    case "to":
      return addressedTo(actor, not);
    case "lang":
    case "language":
      return term("lang", value.split("-")[0] ?? value);
    case "domain":
      return term("domain", value);
    case "url":
      return term("url", asUrl(value));
    case "tag":
    case "hashtag":
      return term("tag", value.replace(/^[#＃]/, ""));
    default:
      return undefined;
  }
}

const asUrl = (text: string): string => (/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`);

function words(text: string, not: boolean): Clause | undefined {
  const found = wordsOf(unquoted(text));
  return found.length === 0
    ? undefined
    : { kind: "words", words: found, exact: text.search(QUOTE) >= 0, not };
}

function clauseOf(text: string, not: boolean): Clause | undefined {
  if (/^[#＃]./u.test(text)) {
    return { kind: "term", term: "tag", value: text.replace(/^[#＃]+/, "").replace(/[.,!?;:]+$/, ""), not };
  }
  if (text.startsWith("did:")) return { kind: "actor", term: "author", actor: text, not };
  const colon = text.indexOf(":");
  const value = unquoted(text.slice(colon + 1));
  const named =
    colon > 0 && value !== "" ? operator(text.slice(0, colon).toLowerCase(), value, not) : undefined;
  return named ?? words(text, not);
}

export function parseSearchQuery(text: string): SearchQuery {
  const query: SearchQuery = { clauses: [], senseless: false };
  let senseless = false;
  for (const token of tokens(text)) {
    const bound = /^(since|until):(.+)$/i.exec(token);
    if (bound !== null) {
      const since = bound[1]?.toLowerCase() === "since";
      const instant = (since ? instantOf : untilOf)(unquoted(bound[2] ?? ""));
      if (instant !== undefined) query[since ? "since" : "until"] = instant;
      continue;
    }
    const not = /^-[^\s-]/.test(token);
    const clause = clauseOf(not ? token.slice(1) : token, not);
    if (clause === undefined) senseless ||= token !== "*";
    else if (query.clauses.length < CLAUSES_MAX) query.clauses.push(clause);
  }
  query.senseless = senseless && query.clauses.length === 0;
  return query;
}
