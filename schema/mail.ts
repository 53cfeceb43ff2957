/** The directory's tables of mail, described as in `directory.ts`. */
import type { Did } from "@atcute/lexicons";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

const did = () => text().$type<Did>();

export const resetCode = sqliteTable("reset_code", {
  digest: text().primaryKey(),
  did: did().notNull(),
  at: integer().notNull(),
});

export const unsentMail = sqliteTable(
  "unsent_mail",
  {
    did: did().notNull(),
    purpose: text().notNull(),
    subject: text().notNull(),
    text: text().notNull(),
    at: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.did, table.purpose] })],
);

export const mailLog = sqliteTable("mail_log", {
  id: integer().primaryKey(),
  at: text().notNull(),
  kind: text().notNull(),
  did: did(),
  failure: text(),
});

export const mailText = sqliteTable(
  "mail_text",
  {
    name: text().notNull(),
    language: text().notNull(),
    subject: text().notNull(),
    text: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.language] })],
);

export const announcement = sqliteTable("announcement", {
  id: integer().primaryKey(),
  at: text().notNull(),
  by: did().notNull(),
  uri: text(),
  subject: text().notNull(),
  text: text().notNull(),
  after: text(),
  total: integer().notNull(),
  sent: integer().notNull().default(0),
  failed: integer().notNull().default(0),
  tries: integer().notNull().default(0),
});

export const quietMember = sqliteTable("quiet_member", { did: did().primaryKey() });
