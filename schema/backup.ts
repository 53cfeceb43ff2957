/** The directory's tables about the host's backups, and its doctor; see `directory.ts`. */
import type { Did } from "@atcute/lexicons";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const backupRun = sqliteTable("backup_run", {
  id: text().primaryKey(),
  progress: text().notNull(),
  endedAt: integer("ended_at"),
});

/** What the host's doctor found. */
export const examination = sqliteTable("examination", {
  id: text().primaryKey(),
  progress: text().notNull(),
  endedAt: integer("ended_at"),
});

export const backupAccount = sqliteTable("backup_account", {
  did: text().$type<Did>().primaryKey(),
  due: integer().notNull().default(0),
  place: text(),
  made: integer(),
  rev: text(),
  visits: text().notNull().default("[]"),
  bases: text().notNull().default("[]"),
  gone: text(),
});
