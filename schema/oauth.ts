/** The OAuth tables for typed queries. `migrations/directory/0010_oauth.sql` is the authority. */
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const oauthDevice = sqliteTable("oauth_device", {
  id: text().primaryKey(),
  secretDigest: text("secret_digest").notNull(),
  userAgent: text("user_agent"),
  address: text().notNull(),
  createdAt: integer("created_at").notNull(),
  seenAt: integer("seen_at").notNull(),
});

export const oauthDeviceAccount = sqliteTable(
  "oauth_device_account",
  {
    deviceId: text("device_id").notNull(),
    did: text().notNull(),
    remembered: integer({ mode: "boolean" }).notNull(),
    createdAt: integer("created_at").notNull(),
    signedInAt: integer("signed_in_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.deviceId, table.did] })],
);

export const oauthRequest = sqliteTable("oauth_request", {
  id: text().primaryKey(),
  clientId: text("client_id").notNull(),
  clientAuth: text("client_auth"),
  parameters: text().notNull(),
  expiresAt: integer("expires_at").notNull(),
  deviceId: text("device_id"),
  did: text(),
  codeDigest: text("code_digest"),
});

export const oauthSession = sqliteTable("oauth_session", {
  family: text().primaryKey(),
  tokenId: text("token_id").notNull(),
  refreshDigest: text("refresh_digest"),
  did: text().notNull(),
  clientId: text("client_id").notNull(),
  clientAuth: text("client_auth").notNull(),
  parameters: text().notNull(),
  scope: text(),
  deviceId: text("device_id"),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
  expiresAt: integer("expires_at").notNull(),
});

export const oauthSpent = sqliteTable("oauth_spent", {
  digest: text().primaryKey(),
  family: text().notNull(),
  spentAt: integer("spent_at").notNull(),
});

export const oauthConsent = sqliteTable(
  "oauth_consent",
  {
    did: text().notNull(),
    clientId: text("client_id").notNull(),
    scopes: text().notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.did, table.clientId] })],
);

export const oauthLexicon = sqliteTable("oauth_lexicon", {
  nsid: text().primaryKey(),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
  lastSucceededAt: integer("last_succeeded_at"),
  uri: text(),
  lexicon: text(),
});

export const oauthReplay = sqliteTable("oauth_replay", {
  slot: integer().primaryKey(),
  key: text().notNull(),
  expiresAt: integer("expires_at").notNull(),
});

export const passkey = sqliteTable("passkey", {
  credentialId: text("credential_id").primaryKey(),
  did: text().notNull(),
  publicKey: text("public_key").notNull(),
  counter: integer().notNull(),
  transports: text().notNull(),
  name: text().notNull(),
  createdAt: integer("created_at").notNull(),
  usedAt: integer("used_at"),
});
