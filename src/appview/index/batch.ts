/** Turns changes into the statements of one D1 batch; the guard comes first. */
import type { Changes } from "./changes.ts";
import type { Gone, Put } from "./indexers/indexer.ts";
import { refreshSearch } from "./indexers/profile.ts";
import { indexers } from "./indexers/registry.ts";
import { type Row, columns, overRows } from "./statements.ts";

/**
 * Fails the batch (NOT NULL) unless the cursor is at `expected`, so that each event is applied exactly once.
 */
export const guard = (db: D1Database, expected: number, next: number): D1PreparedStatement =>
  db.prepare("UPDATE cursor SET seq = CASE WHEN seq = ?1 THEN ?2 END WHERE id = 1").bind(expected, next);

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

const IDENTIFY = `INSERT INTO actor (did, handle, known) SELECT ${columns("did", "handle", "known")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET handle = excluded.handle, known = excluded.known`;
const KNOW = `INSERT INTO actor (did, known) SELECT ${columns("did", "known")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET known = excluded.known WHERE known IS NULL`;
const SET_STATUS = `INSERT INTO actor (did, status, known) SELECT ${columns("did", "status", "known")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET status = excluded.status, known = coalesce(known, excluded.known)
  WHERE status IS NOT excluded.status OR known IS NULL`;

function actorStatements(db: D1Database, { actors }: Changes): D1PreparedStatement[] {
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
export function statementsOf(db: D1Database, changes: Changes): D1PreparedStatement[] {
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
    ...actorStatements(db, changes),
    ...indexers.flatMap((indexer) => indexer.remove(db, gone.get(indexer.collection) ?? [])),
    ...indexers.flatMap((indexer) => {
      const list = puts.get(indexer.collection);
      return list === undefined ? [] : indexer.put(db, list);
    }),
  ];
}
