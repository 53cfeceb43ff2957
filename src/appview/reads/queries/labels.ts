/** Labels and takedowns on accounts and records. */
import type { Did, GenericUri } from "@atcute/lexicons";
import type { Facts, SubjectLabels } from "../facts.ts";
import type { Labelers } from "../labelers.ts";

interface LabelRow {
  uri: GenericUri;
  src: Did;
  val: string;
  cid: string;
  cts: string;
  exp: string | null;
}

/** Subjects of labels and takedowns: accounts, each with its profile and status, and other records. */
export interface Subjects {
  dids: readonly string[];
  uris: readonly string[];
}

/** The three keys of an account. One row of the list serves all three, since every row of it is billed. */
const KEYS = [
  "j.value",
  "'at://' || j.value || '/app.bsky.actor.profile/self'",
  "'at://' || j.value || '/app.bsky.actor.status/self'",
];
/** Checked first: free where nothing is found, unlike a join by one of several keys. */
const MARKED = (table: string, key: string) =>
  `(${KEYS.map((one) => `EXISTS (SELECT 1 FROM ${table} WHERE ${key} = ${one})`).join(" OR ")})`;
const OF_DID = (key: string) => `(${KEYS.map((one) => `${key} = ${one}`).join(" OR ")})`;

/** `+` makes the lookup go by subject alone, then filter by source: most subjects have no label. */
const CURRENT = "+l.src IN (SELECT value FROM json_each(?3)) AND (l.exp IS NULL OR l.exp > ?4)";
const LABELS = `SELECT l.uri, l.src, l.val, l.cid, l.cts, l.exp FROM json_each(?1) AS j CROSS JOIN label AS l ON ${OF_DID("l.uri")}
    WHERE ${MARKED("label", "uri")} AND ${CURRENT}
  UNION
  SELECT l.uri, l.src, l.val, l.cid, l.cts, l.exp FROM json_each(?2) AS j CROSS JOIN label AS l ON l.uri = j.value WHERE ${CURRENT}`;

/** Of accounts, of their blobs (`did/cid`), and of other records. */
const TAKEDOWNS = `SELECT t.subject, t.ref FROM json_each(?1) AS j CROSS JOIN takedown AS t ON ${OF_DID("t.subject")}
    WHERE ${MARKED("takedown", "subject")}
  UNION ALL
  SELECT t.subject, t.ref FROM json_each(?1) AS j CROSS JOIN takedown AS t
    ON t.subject > j.value || '/' AND t.subject < j.value || '0'
  UNION ALL
  SELECT t.subject, t.ref FROM json_each(?2) AS j CROSS JOIN takedown AS t ON t.subject = j.value`;

/** A label, or a takedown, which has no source. */
export type MarkRow =
  | (LabelRow & { ref: null })
  | { uri: string; src: null; val: null; cid: null; cts: null; exp: null; ref: string };

const MARKS = `SELECT uri, src, val, cid, cts, exp, NULL AS ref FROM (${LABELS})
  UNION ALL
  SELECT subject, NULL, NULL, NULL, NULL, NULL, ref FROM (${TAKEDOWNS})`;

export const selectMarks = (
  db: D1Database,
  { dids, uris }: Subjects,
  labelers: Labelers,
  now: number,
): D1PreparedStatement =>
  db
    .prepare(MARKS)
    .bind(
      JSON.stringify(dids),
      JSON.stringify(uris),
      JSON.stringify(labelers.dids),
      new Date(now).toISOString(),
    );

const HIDING = new Set(["!takedown", "!suspend"]);

const unlabelled = (): SubjectLabels => ({
  labels: [],
  takedown: false,
  needsReview: false,
  impersonation: false,
});

/** Only labelers that redact can hide content. Clients do not see `needs-review` labels of those either. */
export function addLabels(facts: Facts, labelers: Labelers, rows: LabelRow[]): void {
  for (const { uri, src, val, cid, cts, exp } of rows) {
    const entry = facts.labels.get(uri) ?? unlabelled();
    facts.labels.set(uri, entry);
    const redacts = labelers.redact.has(src);
    if (redacts && HIDING.has(val)) entry.takedown = true;
    if (redacts && val === "impersonation") entry.impersonation = true;
    if (redacts && val === "needs-review") {
      entry.needsReview = true;
      continue;
    }
    entry.labels.push({
      src,
      uri,
      cid: cid || undefined,
      val,
      cts,
      exp: exp ?? undefined,
    });
  }
}
