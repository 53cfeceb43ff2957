/** The OAuth tables for typed queries. `migrations/directory/0010_oauth.sql` is the authority. */
import type { LexiconData, RequestData, RequestId, TokenData, TokenId } from "@atproto/oauth-provider/store";
import type { Did } from "@atcute/lexicons";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

type DeviceId = NonNullable<RequestData["deviceId"]>;

const did = () => text().$type<Did>();
const deviceId = (name: string) => text(name).$type<DeviceId>();

export const oauthDevice = sqliteTable("oauth_device", {
  id: deviceId("id").primaryKey(),
  secretDigest: text("secret_digest").notNull(),
  userAgent: text("user_agent"),
  address: text().notNull(),
  createdAt: integer("created_at").notNull(),
  seenAt: integer("seen_at").notNull(),
});

export const oauthDeviceAccount = sqliteTable(
  "oauth_device_account",
  {
    deviceId: deviceId("device_id").notNull(),
    did: did().notNull(),
    remembered: integer({ mode: "boolean" }).notNull(),
    createdAt: integer("created_at").notNull(),
    signedInAt: integer("signed_in_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.deviceId, table.did] })],
);

export const oauthRequest = sqliteTable("oauth_request", {
  id: text().$type<RequestId>().primaryKey(),
  clientId: text("client_id").notNull(),
  clientAuth: text("client_auth", { mode: "json" }).$type<NonNullable<RequestData["clientAuth"]>>(),
  parameters: text({ mode: "json" }).$type<RequestData["parameters"]>().notNull(),
  expiresAt: integer("expires_at").notNull(),
  deviceId: deviceId("device_id"),
  did: did(),
  codeDigest: text("code_digest"),
});

export const oauthSession = sqliteTable("oauth_session", {
  family: text().primaryKey(),
  tokenId: text("token_id").$type<TokenId>().notNull(),
  refreshDigest: text("refresh_digest"),
  did: did().notNull(),
  clientId: text("client_id").notNull(),
  clientAuth: text("client_auth", { mode: "json" }).$type<TokenData["clientAuth"]>().notNull(),
  parameters: text({ mode: "json" }).$type<TokenData["parameters"]>().notNull(),
  scope: text(),
  deviceId: deviceId("device_id"),
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
    did: did().notNull(),
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
  lexicon: text({ mode: "json" }).$type<NonNullable<LexiconData["lexicon"]>>(),
});

export const oauthReplay = sqliteTable("oauth_replay", {
  slot: integer().primaryKey(),
  key: text().notNull(),
  expiresAt: integer("expires_at").notNull(),
});

export const passkey = sqliteTable("passkey", {
  credentialId: text("credential_id").primaryKey(),
  did: did().notNull(),
  publicKey: text("public_key").notNull(),
  counter: integer().notNull(),
  transports: text({ mode: "json" }).$type<string[]>().notNull(),
  name: text().notNull(),
  createdAt: integer("created_at").notNull(),
  usedAt: integer("used_at"),
});
