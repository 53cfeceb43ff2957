/**
 * Posts that link to a blocked domain, or to one below it. They are hidden by a takedown that says why, so that
 * what is allowed again is found, and a moderator can restore a single one.
 */
import { type Json, at, listOf, textOf } from "../protocol/json.ts";
import { searchTerm } from "./search-terms.ts";

export const BLOCKED_LINK = "blocked link ";
/** Whether a takedown is one of these; as the index `takedown_link` has it. */
export const IS_BLOCKED_LINK = "ref >= 'blocked link ' AND ref < 'blocked link!'";

/** Labels of a name that are looked at. */
const DEPTH = 6;
/** Posts that are hidden when a domain is blocked; the newest. */
const HIDDEN_MAX = 2_000;

function linksOf(record: Json): string[] {
  const facets = listOf(record["facets"]).flatMap((facet) =>
    listOf(at(facet, "features")).flatMap((feature) => textOf(at(feature, "uri")) ?? []),
  );
  const card =
    textOf(at(record, "embed", "external", "uri")) ?? textOf(at(record, "embed", "media", "external", "uri"));
  return card === undefined ? facets : [...facets, card];
}

/** The domains that a post links to, with those above them. */
export function linkedDomains(record: Json): string[] {
  const domains = new Set<string>();
  for (const link of linksOf(record)) {
    const labels = (URL.parse(link)?.hostname ?? "").replace(/\.$/, "").split(".");
    for (let i = Math.max(0, labels.length - DEPTH); i < labels.length - 1; i++)
      domains.add(labels.slice(i).join("."));
  }
  return [...domains];
}

/**
 * Hides posts (rows of URI and domain) whose domain is blocked. Moderators' own takedowns stay. A trigger shows
 * them again when the post goes, or is replaced.
 */
export const HIDE_LINKING = `INSERT INTO takedown (subject, ref)
  SELECT value ->> 0, '${BLOCKED_LINK}' || b.domain FROM json_each(?1) CROSS JOIN blocked_link AS b
  ON b.domain = value ->> 1 WHERE true ON CONFLICT DO NOTHING`;

/** Makes these the blocked domains. Posts that link to `fresh` ones are found by the search. */
export function followLinks(
  db: D1Database,
  { domains, fresh }: { domains: readonly string[]; fresh: readonly string[] },
): D1PreparedStatement[] {
  const all = JSON.stringify(domains);
  return [
    db.prepare("DELETE FROM blocked_link WHERE domain NOT IN (SELECT value FROM json_each(?1))").bind(all),
    db
      .prepare(
        "INSERT INTO blocked_link (domain) SELECT value FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
      )
      .bind(all),
    db.prepare(
      `DELETE FROM takedown WHERE ${IS_BLOCKED_LINK}
        AND substr(ref, ${BLOCKED_LINK.length + 1}) NOT IN (SELECT domain FROM blocked_link)`,
    ),
    ...fresh.map((domain) =>
      db
        .prepare(
          `INSERT INTO takedown (subject, ref) SELECT uri, ?2 FROM (SELECT uri FROM post_search
            WHERE post_search MATCH ?1 ORDER BY rowid DESC LIMIT ${HIDDEN_MAX}) WHERE true ON CONFLICT DO NOTHING`,
        )
        .bind(`terms : "${searchTerm("domain", domain)}"`, BLOCKED_LINK + domain),
    ),
  ];
}
