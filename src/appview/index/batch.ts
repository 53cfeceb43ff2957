/** Turns changes into the statements of one D1 batch; the guard comes first. */
import type { EventSource } from "../../protocol/stations.ts";
import type { Changes } from "./changes.ts";
import type { Gone, Put } from "./indexers/indexer.ts";
import { refreshSearch } from "./indexers/profile.ts";
import { indexers } from "./indexers/registry.ts";
import { type Row, columns, overRows } from "./statements.ts";

/** The place of a source's cursor. */
export interface CursorPlace {
  source: EventSource;
  seq: number;
}

/** The row of each source's cursor. */
export const CURSOR_ROW: Record<EventSource, number> = { host: 1, neighbours: 2 };

/** Fails the batch (NOT NULL) unless the source's cursor is there, so that each event is applied exactly once. */
export const guard = (db: D1Database, { source, seq }: CursorPlace, next: number): D1PreparedStatement =>
  db
    .prepare("UPDATE cursor SET seq = CASE WHEN seq = ?1 THEN ?2 END WHERE id = ?3")
    .bind(seq, next, CURSOR_ROW[source]);

/** Whether the guard caused this failure. */
export const isGuardFailure = (thrown: unknown): boolean =>
  thrown instanceof Error && thrown.message.includes("NOT NULL constraint failed: cursor.seq");

const HELD_BY_OTHERS =
  "json_each(?1) CROSS JOIN actor ON actor.handle = value ->> 1 WHERE actor.did <> value ->> 0";
const LOSE = `INSERT OR REPLACE INTO actor_search (rowid, handle, name, did)
  SELECT actor.slot, '', coalesce(actor.name, actor.profile ->> 'displayName', ''), actor.did
  FROM ${HELD_BY_OTHERS} AND actor.slot IS NOT NULL`;
const CONTEND = `UPDATE actor SET handle = NULL WHERE (did, handle) IN (
  SELECT actor.did, actor.handle FROM ${HELD_BY_OTHERS})`;

/** A handle has one holder: new holders (rows of did, handle …) take it from previous ones. */
export const contend = (db: D1Database, rows: readonly Row[]): D1PreparedStatement[] => [
  ...overRows(db, LOSE, rows),
  ...overRows(db, CONTEND, rows),
];

/** Whoever this host speaks of lives here, wherever they lived before. */
const IDENTIFY = `INSERT INTO actor (did, handle, known) SELECT ${columns("did", "handle", "known")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET handle = excluded.handle, known = excluded.known, home = NULL, checked = NULL`;
const KNOW = `INSERT INTO actor (did, known) SELECT ${columns("did", "known")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET known = coalesce(known, excluded.known), home = NULL, checked = NULL
  WHERE known IS NULL OR home IS NOT NULL`;
const SET_STATUS = `INSERT INTO actor (did, status, known) SELECT ${columns("did", "status", "known")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET
    status = excluded.status, known = coalesce(known, excluded.known), home = NULL, checked = NULL
  WHERE status IS NOT excluded.status OR known IS NULL OR home IS NOT NULL`;

/**
 * Takes in what neighbours say of accounts, as far as those are shown here. A name is only a reason to look the account up
 * again: none is believed.
 */
const RECHECK = `UPDATE actor SET checked = 0 WHERE home IS NOT NULL AND checked <> 0
  AND did IN (SELECT value ->> 0 FROM json_each(?1))`;
const SET_STATUS_ELSEWHERE = `UPDATE actor SET status = said.status
  FROM (SELECT ${columns("did", "status")} FROM json_each(?1)) AS said
  WHERE actor.did = said.did AND actor.home IS NOT NULL AND actor.status IS NOT said.status`;

function actorStatements(db: D1Database, { actors }: Changes, source: EventSource): D1PreparedStatement[] {
  const all = [...actors.values()];
  const named = all.flatMap(({ did, handle, at }) =>
    handle === undefined ? [] : [[did, handle, at] as const],
  );
  const seen = all.flatMap(({ did, handle, status, at }) =>
    handle === undefined && status === undefined ? [[did, at] as const] : [],
  );
  const stated = all.flatMap(({ did, status, at }) =>
    status === undefined ? [] : [[did, status === "active" ? null : status, at] as const],
  );
  if (source !== "host") {
    const rechecked = [...named, ...seen].map(([did]) => [did]);
    return [...overRows(db, RECHECK, rechecked), ...overRows(db, SET_STATUS_ELSEWHERE, stated)];
  }
  return [
    ...contend(db, named),
    ...overRows(db, IDENTIFY, named),
    ...overRows(db, KNOW, seen),
    ...overRows(db, SET_STATUS, stated),
    ...refreshSearch(
      db,
      named.map(([did]) => did),
    ),
  ];
}

/** Returns the statements without the guard; none when nothing changes. */
export function statementsOf(
  db: D1Database,
  changes: Changes,
  source: EventSource = "host",
): D1PreparedStatement[] {
  const puts = new Map<string, Put[]>();
  const gone = new Map<string, Gone[]>();
  const add = <T>(to: Map<string, T[]>, collection: string, item: T) => {
    const list = to.get(collection);
    if (list === undefined) to.set(collection, [item]);
    else list.push(item);
  };
  for (const [uri, change] of changes.records) {
    const collection = uri.split("/")[3] ?? "";
    if (change.kind === "gone") {
      add(gone, collection, change.gone);
      continue;
    }
    add(puts, collection, change.put);
    if (change.before !== null) add(gone, collection, change.before);
  }
  return [
    ...actorStatements(db, changes, source),
    ...indexers.flatMap((indexer) => indexer.remove(db, gone.get(indexer.collection) ?? [])),
    ...indexers.flatMap((indexer) => {
      const list = puts.get(indexer.collection);
      return list === undefined ? [] : indexer.put(db, list);
    }),
  ];
}
