/** What the directory counts and keeps for those who look after the host; like `directory.ts`. */
import type { Did } from "@atcute/lexicons";
import { blob, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

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
  heldBytes: integer("held_bytes").notNull().default(0),
  doneHeldBytes: integer("done_held_bytes"),
});

export const hostFile = sqliteTable("host_file", {
  key: text().primaryKey(),
  at: integer().notNull(),
  bytes: blob().notNull(),
});

export const fileMove = sqliteTable("file_move", {
  id: integer().primaryKey(),
  begunAt: integer("begun_at").notNull(),
  after: text().notNull(),
  place: integer().notNull(),
  left: integer().notNull(),
  files: integer().notNull(),
  bytes: integer().notNull(),
  error: text(),
  endedAt: integer("ended_at"),
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
