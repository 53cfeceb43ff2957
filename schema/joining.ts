/** Requests to join, for typed queries; see `directory.ts`. */
import type { Did } from "@atcute/lexicons";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const joinRequest = sqliteTable("join_request", {
  id: integer().primaryKey(),
  keyDigest: text("key_digest").notNull(),
  handle: text().notNull(),
  email: text(),
  reason: text().notNull(),
  state: text({ enum: ["waiting", "approved", "refused", "joined"] }).notNull(),
  askedAt: text("asked_at").notNull(),
  endsAt: text("ends_at"),
  decidedBy: text("decided_by"),
  decidedAt: text("decided_at"),
  word: text(),
  code: text(),
  did: text().$type<Did>(),
});
