/** The FTS5 expression of a search. */
import { EVERY_POST, searchTerm, searchTermsFor } from "../search-terms.ts";
import type { Clause } from "./search-query.ts";

/** The actors that clauses name. */
export const actorsOf = (clauses: readonly Clause[]): string[] =>
  clauses.flatMap((clause) =>
    clause.kind === "actor" ? [clause.actor] : clause.kind === "any" ? actorsOf(clause.of) : [],
  );

/**
 * A piece of an FTS5 expression: literal text, or a phrase that begins with the words `before` and whose last
 * word starts with `beginning`.
 */
export type MatchPiece = string | { before: string; beginning: string };

/**
 * Builds an FTS5 expression over `text` and `terms` from the clauses. Outside quotation marks, the last word
 * also matches longer words that begin with it. `didOf` resolves actors to DIDs.
 * @returns `match` is null if the clauses ask for nothing in particular; `none` is true if no post can match.
 */
export function matchExpression(
  clauses: readonly Clause[],
  didOf: (actor: string) => string | null,
): { match: MatchPiece[] | null; none: boolean } {
  const wanted: MatchPiece[][] = [];
  const unwanted: MatchPiece[][] = [];
  for (const clause of clauses) {
    const expression = expressionOf(clause, didOf);
    if (expression !== null) (clause.not ? unwanted : wanted).push(expression);
    else if (!clause.not) return { match: null, none: true };
  }
  if (wanted.length === 0 && unwanted.length === 0) return { match: null, none: false };
  // FTS5's NOT needs a left operand.
  const all = wanted.length === 0 ? [`terms : ${EVERY_POST}`] : joined(wanted, " AND ");
  return {
    match: unwanted.length === 0 ? all : ["(", ...all, ") NOT (", ...joined(unwanted, " OR "), ")"],
    none: false,
  };
}

const joined = (expressions: readonly MatchPiece[][], by: string): MatchPiece[] =>
  expressions.flatMap((pieces, i) => (i === 0 ? pieces : [by, ...pieces]));

function expressionOf(clause: Clause, didOf: (actor: string) => string | null): MatchPiece[] | null {
  switch (clause.kind) {
    case "words":
      return ["text : ", clause.exact ? `"${clause.words.join(" ")}"` : beginningOf(clause.words)];
    case "actor": {
      const did = didOf(clause.actor);
      return did === null ? null : [`terms : ${searchTerm(clause.term, did)}`];
    }
    case "term":
      return [`terms : (${searchTermsFor(clause.term, clause.value).join(" OR ")})`];
    case "mark":
      return [`terms : ${clause.mark}`];
    case "any": {
      const any = clause.of.flatMap((one) => {
        const expression = expressionOf(one, didOf);
        return expression === null ? [] : [expression];
      });
      return any.length === 0 ? null : ["(", ...joined(any, " OR "), ")"];
    }
  }
}

/** Letters that the tokenizer folds in its own way are left to FTS5. */
function beginningOf(words: readonly string[]): MatchPiece {
  const last = words.at(-1) ?? "";
  if (!/^[a-z0-9]+$/i.test(last)) return `"${words.join(" ")}" *`;
  return {
    before: words
      .slice(0, -1)
      .map((word) => `${word} `)
      .join(""),
    beginning: last.toLowerCase(),
  };
}
