/**
 * The directory's tables for typed queries. The SQL in `migrations/directory` is the authority (drizzle-kit
 * does not support WITHOUT ROWID); a test checks this description against it.
 */
import type { Did } from "@atcute/lexicons";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

const did = () => text().$type<Did>();
const flag = (name: string) => integer(name, { mode: "boolean" });

export const account = sqliteTable("account", {
  did: did().primaryKey(),
  handle: text().notNull(),
  email: text(),
  emailConfirmedAt: text("email_confirmed_at"),
  state: text({ enum: ["reserved", "active", "deactivated", "deleted"] }).notNull(),
  takedown: text({ enum: ["takendown", "suspended"] }),
  takedownRef: text("takedown_ref"),
  createdAt: text("created_at").notNull(),
  deactivatedAt: text("deactivated_at"),
  deleteAfter: text("delete_after"),
  inviteCode: text("invite_code"),
  invitesDisabled: flag("invites_disabled").notNull().default(false),
  inviteNote: text("invite_note"),
  sessionsEndedAt: integer("sessions_ended_at"),
  handleCheckedAt: integer("handle_checked_at"),
  handleConfirmedAt: integer("handle_confirmed_at"),
});

export const reservedKey = sqliteTable("reserved_key", {
  keyDid: text("key_did").primaryKey(),
  did: text(),
  privateKey: text("private_key").notNull(),
  createdAt: text("created_at").notNull(),
});

export const inviteCode = sqliteTable("invite_code", {
  code: text().primaryKey(),
  availableUses: integer("available_uses").notNull(),
  disabled: flag("disabled").notNull().default(false),
  forAccount: text("for_account").notNull(),
  createdBy: text("created_by").notNull(),
  createdAt: text("created_at").notNull(),
  expiresAt: text("expires_at"),
});

export const inviteUse = sqliteTable(
  "invite_use",
  {
    code: text().notNull(),
    usedBy: text("used_by").notNull(),
    usedAt: text("used_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.code, table.usedBy] })],
);

export const secret = sqliteTable("secret", {
  name: text().primaryKey(),
  value: text().notNull(),
  createdAt: text("created_at").notNull(),
});

export const hostSettings = sqliteTable("host_settings", {
  id: integer().primaryKey(),
  version: integer().notNull(),
  settings: text().notNull(),
  shortage: text(),
});

export const hostSetup = sqliteTable("host_setup", {
  id: integer().primaryKey(),
  sessionDigest: text("session_digest"),
  passDigest: text("pass_digest"),
  passUntil: integer("pass_until"),
  done: text().notNull(),
  finishedAt: integer("finished_at"),
});

export const role = sqliteTable("role", {
  did: did().primaryKey(),
  role: text({ enum: ["owner", "moderator", "inviter"] }).notNull(),
  grantedBy: text("granted_by").notNull(),
  grantedAt: text("granted_at").notNull(),
  seenAt: text("seen_at"),
  seenBefore: text("seen_before"),
});

export const report = sqliteTable("report", {
  id: integer().primaryKey(),
  reasonType: text("reason_type").notNull(),
  reason: text(),
  subjectDid: text("subject_did").notNull(),
  subjectUri: text("subject_uri"),
  subjectCid: text("subject_cid"),
  reportedBy: text("reported_by").notNull(),
  createdAt: text("created_at").notNull(),
  state: text({ enum: ["open", "resolved", "dismissed"] })
    .notNull()
    .default("open"),
  closedBy: text("closed_by"),
  closedAt: text("closed_at"),
  note: text(),
  assignedTo: text("assigned_to"),
  escalatedBy: text("escalated_by"),
});

export const label = sqliteTable("label", {
  seq: integer().primaryKey({ autoIncrement: true }),
  src: did().notNull(),
  uri: text().notNull(),
  cid: text(),
  val: text().notNull(),
  neg: flag("neg").notNull().default(false),
  cts: text().notNull(),
  exp: text(),
  sig: text().notNull(),
});

export const subjectStatus = sqliteTable(
  "subject_status",
  {
    did: did().notNull(),
    subject: text().notNull(),
    takedownRef: text("takedown_ref").notNull(),
    createdAt: text("created_at").notNull(),
    cid: text(),
  },
  (table) => [primaryKey({ columns: [table.did, table.subject] })],
);

export const auditLog = sqliteTable("audit_log", {
  id: integer().primaryKey(),
  at: text().notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  subject: text(),
  detail: text({ mode: "json" }).$type<Record<string, unknown>>(),
});

export const didCache = sqliteTable("did_cache", {
  slot: integer().primaryKey(),
  did: did().notNull(),
  document: text().notNull(),
  fetchedAt: integer("fetched_at").notNull(),
});

export const handleCache = sqliteTable("handle_cache", {
  slot: integer().primaryKey(),
  handle: text().notNull(),
  did: did().notNull(),
  fetchedAt: integer("fetched_at").notNull(),
});

export const actorMute = sqliteTable(
  "actor_mute",
  {
    did: did().notNull(),
    subjectDid: text("subject_did").notNull(),
    createdAt: text("created_at").notNull(),
    onlyReposts: flag("only_reposts").notNull().default(false),
    onlyQuoteposts: flag("only_quoteposts").notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.did, table.subjectDid] })],
);

export const listMute = sqliteTable(
  "list_mute",
  {
    did: did().notNull(),
    listUri: text("list_uri").notNull(),
    createdAt: text("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.did, table.listUri] })],
);

export const threadMute = sqliteTable(
  "thread_mute",
  {
    did: did().notNull(),
    rootUri: text("root_uri").notNull(),
    createdAt: text("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.did, table.rootUri] })],
);

export const bookmark = sqliteTable(
  "bookmark",
  {
    did: did().notNull(),
    uri: text().notNull(),
    cid: text().notNull(),
    createdAt: text("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.did, table.uri] })],
);

export const draft = sqliteTable(
  "draft",
  {
    did: did().notNull(),
    id: text().notNull(),
    draft: text().notNull(),
    createdAt: text("created_at").notNull(),
    updatedAt: text("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.did, table.id] })],
);

export const notificationSeen = sqliteTable("notification_seen", {
  did: did().primaryKey(),
  seenAt: text("seen_at").notNull(),
});

export const notificationPref = sqliteTable("notification_pref", {
  did: did().primaryKey(),
  preferences: text().notNull(),
});

export const activitySubscription = sqliteTable(
  "activity_subscription",
  {
    did: did().notNull(),
    subjectDid: text("subject_did").notNull(),
    post: flag("post").notNull(),
    reply: flag("reply").notNull(),
    createdAt: text("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.did, table.subjectDid] })],
);

export const handOver = sqliteTable("hand_over", {
  id: integer().primaryKey(),
  fromDid: text("from_did").notNull(),
  toDid: text("to_did").notNull(),
  byKey: flag("by_key").notNull(),
  begunAt: integer("begun_at").notNull(),
  readyAt: integer("ready_at").notNull(),
});

export const blockedLink = sqliteTable("blocked_link", {
  domain: text().primaryKey(),
  blockedBy: text("blocked_by").notNull(),
  blockedAt: text("blocked_at").notNull(),
});

export const allowance = sqliteTable(
  "allowance",
  {
    did: did().notNull(),
    kind: text().notNull(),
    shortStart: integer("short_start").notNull(),
    shortCount: integer("short_count").notNull(),
    longStart: integer("long_start").notNull(),
    longCount: integer("long_count").notNull(),
  },
  (table) => [primaryKey({ columns: [table.did, table.kind] })],
);

export const relay = sqliteTable("relay", {
  origin: text().primaryKey(),
  askedAt: text("asked_at").notNull(),
  seq: integer().notNull(),
  outcome: text().notNull(),
});

export const hostTask = sqliteTable("host_task", {
  name: text().primaryKey(),
  begunAt: integer("begun_at").notNull(),
});

export const reservedName = sqliteTable("reserved_name", {
  name: text().primaryKey(),
  reservedBy: text("reserved_by").notNull(),
  reservedAt: text("reserved_at").notNull(),
});

export const relayLook = sqliteTable("relay_look", {
  origin: text().primaryKey(),
  day: text().notNull(),
  after: text(),
  known: integer().notNull(),
  missing: integer().notNull(),
  doneDay: text("done_day"),
  doneKnown: integer("done_known"),
  doneMissing: integer("done_missing"),
});

export const relayMissing = sqliteTable(
  "relay_missing",
  { origin: text().notNull(), did: text().notNull(), day: text().notNull() },
  (table) => [primaryKey({ columns: [table.origin, table.did] })],
);

export const unsettled = sqliteTable("unsettled", {
  id: text().primaryKey(),
  did: did().notNull(),
  kind: text().notNull(),
  subject: text(),
  at: integer().notNull(),
  due: integer().notNull(),
});
