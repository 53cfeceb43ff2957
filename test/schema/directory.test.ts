import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import * as directory from "../../schema/directory.ts";
import * as backup from "../../schema/backup.ts";
import * as mail from "../../schema/mail.ts";
import * as joining from "../../schema/joining.ts";
import * as oauth from "../../schema/oauth.ts";
import * as upkeep from "../../schema/upkeep.ts";
import { bindings } from "../support/bindings.ts";

interface Column {
  name: string;
  type: string;
  notnull: number;
  pk: number;
}

const tables = [directory, joining, mail, oauth, backup, upkeep]
  .flatMap((schema): unknown[] => Object.values(schema))
  .filter((value) => value instanceof SQLiteTable)
  .map((table) => getTableConfig(table));

test("every table of the migrations is described, and no other", async () => {
  const { results } = await bindings.DIRECTORY.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name <> 'd1_migrations'",
  ).all<{ name: string }>();
  expect(tables.map(({ name }) => name).toSorted()).toEqual(results.map(({ name }) => name).toSorted());
});

test.each(tables.map((table) => [table.name, table] as const))(
  "%s is described as the migrations made it",
  async (name, table) => {
    const { results } = await bindings.DIRECTORY.prepare(
      'SELECT name, type, "notnull", pk FROM pragma_table_info(?)',
    )
      .bind(name)
      .all<Column>();
    const described = table.columns.map((column) => ({
      name: column.name,
      type: column.getSQLType().toUpperCase(),
      required: column.notNull,
    }));
    expect(described).toEqual(
      results.map((column) => ({
        name: column.name,
        type: column.type,
        // A rowid is never null, even if the schema does not say so.
        required: column.notnull === 1 || (column.pk > 0 && column.type === "INTEGER"),
      })),
    );
    const keys = table.primaryKeys[0]?.columns ?? table.columns.filter(({ primary }) => primary);
    expect(keys.map((column) => column.name)).toEqual(
      results
        .filter(({ pk }) => pk > 0)
        .toSorted((a, b) => a.pk - b.pk)
        .map((column) => column.name),
    );
  },
);

test("tables with natural keys keep no hidden rowid", async () => {
  const { results } = await bindings.DIRECTORY.prepare(
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND wr = 0",
  ).all<{ name: string }>();
  const withRowid = results
    .map(({ name }) => name)
    .filter((name) => tables.some((table) => table.name === name));
  expect(withRowid.toSorted()).toEqual([
    "announcement",
    "audit_log",
    "join_request",
    "label",
    "mail_log",
    "report",
  ]);
});
