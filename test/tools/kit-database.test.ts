/** Compares the kit's D1 with Miniflare's: the same statements in the same order get the same answers. */
import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DatabaseObject } from "../../tools/kit/worker/database.ts";
import { bindings } from "../support/bindings.ts";

type Value = number | string | null | ArrayBuffer;
type Statement = [sql: string, ...values: Value[]];

interface Answer {
  results?: { columns: string[]; rows: unknown[][] };
  meta?: Record<string, unknown>;
  error?: string;
}

/** The figures of an answer that the host reads. */
const FIGURES = ["changes", "last_row_id", "changed_db", "rows_read", "rows_written"];
const figuresOf = (meta: Record<string, unknown> = {}) =>
  Object.fromEntries(FIGURES.map((name) => [name, meta[name]]));

const objects: DurableObjectNamespace = Reflect.get(env, "ACCOUNT");

/** The kit's database on this file's own object. One instance, as in a network: it counts across requests. */
let kit: DatabaseObject | null = null;
function ask(statements: Statement[]): Promise<Answer[] | Answer> {
  return runInDurableObject(objects.getByName("kit-database"), async (_, state) => {
    kit ??= new DatabaseObject(state, {});
    const body = statements.map(([sql, ...params]) => ({
      sql,
      params: params.map((value) => (value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value)),
    }));
    const request = new Request("http://d1/query", { method: "POST", body: JSON.stringify(body) });
    return (await kit.fetch(request)).json<Answer[] | Answer>();
  });
}

/** Both answers to one batch. Row objects would hide columns of one name, so Miniflare's stay unchanged. */
async function both(...statements: Statement[]) {
  const database = bindings.DIRECTORY;
  const prepared = statements.map(([sql, ...values]) => database.prepare(sql).bind(...values));
  const ours = await ask(statements);
  let theirs: unknown;
  try {
    const answers = await database.batch<Record<string, unknown>>(prepared);
    theirs = answers.map(({ results, meta }) => ({ rows: results, figures: figuresOf(meta) }));
  } catch (thrown) {
    theirs = thrown instanceof Error ? thrown.message : thrown;
  }
  const mapped = Array.isArray(ours)
    ? ours.map(({ results, meta }) => ({
        rows: (results?.rows ?? []).map((row) =>
          Object.fromEntries(row.map((value, i) => [results?.columns[i] ?? "", value])),
        ),
        figures: figuresOf(meta),
      }))
    : `D1_ERROR: ${ours.error}`;
  return { ours: mapped, theirs };
}

beforeAll(async () => {
  await both(["CREATE TABLE kit_one (id INTEGER PRIMARY KEY, name TEXT UNIQUE, bytes BLOB)"]);
  await both(["CREATE TABLE kit_log (what TEXT)"]);
  await both([
    "CREATE TRIGGER kit_noted AFTER INSERT ON kit_one BEGIN INSERT INTO kit_log VALUES (new.name); END",
  ]);
  await both(["INSERT INTO kit_one (name) VALUES ('zero')"]);
});
afterAll(async () => {
  await bindings.DIRECTORY.batch([
    bindings.DIRECTORY.prepare("DROP TABLE kit_one"),
    bindings.DIRECTORY.prepare("DROP TABLE kit_log"),
  ]);
});

const bytes = Uint8Array.from([0, 1, 255]).buffer;

const BATCHES: [what: string, ...Statement[]][] = [
  ["a row inserted, with a trigger", ["INSERT INTO kit_one (name, bytes) VALUES (?, ?)", "one", bytes]],
  [
    "numbers, texts, null and bytes read",
    ["SELECT *, 1.5 AS real, NULL AS nothing FROM kit_one ORDER BY id"],
  ],
  ["nothing found", ["SELECT * FROM kit_one WHERE name = ?", "none"]],
  ["numbered parameters, one used twice", ["SELECT ?2 AS b, ?1 AS a, ?2 AS again", "a", "b"]],
  ["a write that changes nothing", ["UPDATE kit_one SET name = 'x' WHERE id = 99"]],
  ["a write that gives back", ["UPDATE kit_one SET name = 'uno' WHERE name = 'one' RETURNING id, name"]],
  [
    "several statements in one transaction",
    ["INSERT INTO kit_one (name) VALUES ('two')"],
    ["SELECT count(*) AS n FROM kit_one"],
    ["DELETE FROM kit_one WHERE name = 'two'"],
    ["SELECT changes() AS n"],
  ],
  [
    "a batch that fails at its second statement",
    ["INSERT INTO kit_one (name) VALUES ('three')"],
    ["INSERT INTO kit_one (name) VALUES ('uno')"],
  ],
  ["what such a batch has left", ["SELECT name FROM kit_one ORDER BY id"]],
  ["a row after it", ["INSERT INTO kit_one (name) VALUES ('four')"]],
  ["no SQL", ["SELEC 1"]],
  ["a table that is not there", ["SELECT * FROM kit_nowhere"]],
  ["too few values", ["SELECT ?1, ?2", 1]],
  ["a transaction of one's own", ["BEGIN TRANSACTION"]],
  ["a list as JSON", ["SELECT value FROM json_each(?)", '["a","b"]']],
];

for (const [what, ...statements] of BATCHES) {
  test(`${what}: both answer alike`, async () => {
    const { ours, theirs } = await both(...statements);
    expect(ours).toEqual(theirs);
  });
}
