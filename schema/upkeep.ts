/** What the directory counts and keeps for those who look after the host; like `directory.ts`. */
import type { Did } from "@atcute/lexicons";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const dayNumber = sqliteTable("day_number", {
  day: text().primaryKey(),
  numbers: text().notNull(),
});

export const hostUse = sqliteTable("host_use", {
  id: integer().primaryKey(),
  requests: integer().notNull(),
  rowsRead: integer("rows_read").notNull(),
  rowsWritten: integer("rows_written").notNull(),
});

export const sizeLook = sqliteTable("size_look", {
  id: integer().primaryKey(),
  day: text().notNull(),
  after: text(),
  repoBytes: integer("repo_bytes").notNull(),
  files: integer().notNull(),
  fileBytes: integer("file_bytes").notNull(),
  doneDay: text("done_day"),
  doneRepoBytes: integer("done_repo_bytes"),
  doneFiles: integer("done_files"),
  doneFileBytes: integer("done_file_bytes"),
});

export const archive = sqliteTable(
  "archive",
  {
    did: text().$type<Did>().notNull(),
    madeAt: integer("made_at").notNull(),
    handle: text().notNull(),
    key: text().notNull(),
    until: text().notNull(),
    actor: text().notNull(),
    rev: text().notNull(),
    bytes: integer().notNull(),
    cid: text().notNull(),
    files: integer().notNull(),
    fileBytes: integer("file_bytes").notNull(),
  },
  (table) => [primaryKey({ columns: [table.did, table.madeAt] })],
);
