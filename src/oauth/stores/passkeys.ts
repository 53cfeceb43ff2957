/** Members' passkeys, in D1: one has to be found before its owner is known. */
import type { Did } from "@atcute/lexicons";
import { and, desc, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { passkey } from "../../../schema/oauth.ts";

export interface PasskeyView {
  id: string;
  name: string;
  createdAt: number;
  usedAt: number | null;
}

/** Newest first. */
export async function listPasskeys(database: D1Database, did: Did): Promise<PasskeyView[]> {
  const rows = await drizzle(database)
    .select()
    .from(passkey)
    .where(eq(passkey.did, did))
    .orderBy(desc(passkey.createdAt));
  return rows.map(({ credentialId, name, createdAt, usedAt }) => ({
    id: credentialId,
    name,
    createdAt,
    usedAt,
  }));
}

export async function removePasskey(database: D1Database, did: Did, id: string): Promise<void> {
  await drizzle(database)
    .delete(passkey)
    .where(and(eq(passkey.did, did), eq(passkey.credentialId, id)));
}

export async function removePasskeys(database: D1Database, did: Did): Promise<void> {
  await drizzle(database).delete(passkey).where(eq(passkey.did, did));
}
