/**
 * Moderation acts. They are stored next to the index and every view consults them, so they take effect at
 * once.
 */
import { followLinks } from "../blocked-links.ts";
import type { ModerationAct } from "../../protocol/stations.ts";

function statementsOf(db: D1Database, act: ModerationAct): D1PreparedStatement[] {
  return act.kind === "links" ? followLinks(db, act) : [statementOf(db, act)];
}

function statementOf(db: D1Database, act: Exclude<ModerationAct, { kind: "links" }>): D1PreparedStatement {
  if (act.kind === "takedown") {
    const subject = act.uri ?? (act.blob === undefined ? act.did : `${act.did}/${act.blob}`);
    return act.applied
      ? db
          .prepare("INSERT OR REPLACE INTO takedown (subject, ref) VALUES (?1, ?2)")
          .bind(subject, act.ref ?? "")
      : db.prepare("DELETE FROM takedown WHERE subject = ?1").bind(subject);
  }
  const { src, uri, val, cid = "", cts, exp = null } = act;
  return act.neg
    ? db.prepare("DELETE FROM label WHERE uri = ?1 AND src = ?2 AND val = ?3").bind(uri, src, val)
    : db
        .prepare(
          "INSERT OR REPLACE INTO label (uri, src, val, cid, cts, exp) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(uri, src, val, cid, cts, exp);
}

export async function applyModeration(db: D1Database, acts: ModerationAct[]): Promise<void> {
  if (acts.length > 0) await db.batch(acts.flatMap((act) => statementsOf(db, act)));
}
