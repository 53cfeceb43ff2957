/** Labels and takedowns on accounts and records. */
import type { Did, GenericUri } from "@atcute/lexicons";
import type { Facts, SubjectLabels } from "../facts.ts";
import type { Labelers } from "../labelers.ts";

export interface LabelRow {
  uri: GenericUri;
  src: Did;
  val: string;
  cid: string;
  cts: string;
  exp: string | null;
}

const LABELS = `SELECT l.* FROM json_each(?1) AS j CROSS JOIN label AS l ON l.uri = j.value
  WHERE l.src IN (SELECT value FROM json_each(?2)) AND (l.exp IS NULL OR l.exp > ?3)`;

export const selectLabels = (
  db: D1Database,
  subjects: readonly string[],
  labelers: Labelers,
  now: number,
): D1PreparedStatement =>
  db
    .prepare(LABELS)
    .bind(JSON.stringify(subjects), JSON.stringify(labelers.dids), new Date(now).toISOString());

const HIDING = new Set(["!takedown", "!suspend"]);

const unlabelled = (): SubjectLabels => ({
  labels: [],
  takedown: false,
  needsReview: false,
  impersonation: false,
});

/** Only labelers that redact hide anything; what they hold back for review, clients do not see either. */
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
      ...(cid === "" ? {} : { cid }),
      val,
      cts,
      ...(exp === null ? {} : { exp }),
    });
  }
}

export const selectTakedowns = (db: D1Database, subjects: readonly string[]): D1PreparedStatement =>
  db
    .prepare(
      "SELECT t.subject, t.ref FROM json_each(?1) AS j CROSS JOIN takedown AS t ON t.subject = j.value",
    )
    .bind(JSON.stringify(subjects));
