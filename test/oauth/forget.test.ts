/** What the cleanup deletes, and what it keeps. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ONCE_MS } from "../../src/oauth/lifetimes.ts";
import { endSessions } from "../../src/oauth/forget.ts";
import { sweep } from "../../src/lifecycle/sweep.ts";

const { DIRECTORY: database }: { DIRECTORY: D1Database } = env as never;
const NOW = Date.UTC(2026, 0, 1);
const DAY = 24 * 60 * 60_000;

async function count(table: string): Promise<number> {
  const row = await database.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>();
  return row?.n ?? 0;
}

const session = (family: string, did: string, updatedAt: number) =>
  database
    .prepare(
      `INSERT INTO oauth_session (family, token_id, refresh_digest, did, client_id, client_auth, parameters, created_at,
       updated_at, expires_at) VALUES (?1, ?1, ?1, ?2, 'c', '{}', '{}', ?3, ?3, ?3)`,
    )
    .bind(family, did, updatedAt)
    .run();
const spent = (digest: string, family: string) =>
  database.prepare("INSERT INTO oauth_spent VALUES (?1, ?2, 0)").bind(digest, family).run();
const signedIn = (device: string, did: string, remembered: 0 | 1, at: number) =>
  database
    .prepare("INSERT INTO oauth_device_account VALUES (?1, ?2, ?3, ?4, ?4)")
    .bind(device, did, remembered, at)
    .run();

test("ending an account's sessions leaves those of others", async () => {
  await session("a", "did:web:one.example", NOW);
  await session("b", "did:web:two.example", NOW);
  await spent("x", "a");
  await spent("y", "b");
  await endSessions(database, "did:web:one.example");
  await endSessions(database, "did:web:one.example");
  expect([await count("oauth_session"), await count("oauth_spent")]).toEqual([1, 1]);
  await endSessions(database, "did:web:two.example");
  expect([await count("oauth_session"), await count("oauth_spent")]).toEqual([0, 0]);
});

test("what has expired goes, and nothing else", async () => {
  await session("old", "did:web:one.example", NOW - 101 * DAY);
  await session("new", "did:web:one.example", NOW - 99 * DAY);
  await spent("p", "old");
  await spent("q", "new");
  await database
    .prepare("INSERT INTO oauth_replay VALUES (1, 'gone', ?1), (2, 'kept', ?2)")
    .bind(NOW - 1, NOW + 1)
    .run();
  await signedIn("d", "did:web:one.example", 1, NOW - 10 * DAY);
  await signedIn("d", "did:web:two.example", 0, NOW - ONCE_MS - 1);
  await signedIn("d", "did:web:three.example", 0, NOW - 1);
  const counted = (who: string, at: number) =>
    database.prepare("INSERT INTO allowance VALUES (?1, 'x', ?2, 1, ?2, 1)").bind(who, at).run();
  await counted("address 192.0.2.1", NOW - DAY - 1);
  await counted("address 192.0.2.2", NOW - DAY + 1);
  await counted("did:web:one.example", NOW - 10 * DAY);
  await sweep(database, () => NOW);
  await sweep(database, () => NOW);
  expect(await count("allowance")).toBe(1);
  expect(await count("oauth_session")).toBe(1);
  expect(await count("oauth_spent")).toBe(1);
  expect(await count("oauth_replay")).toBe(1);
  expect(await count("oauth_device_account")).toBe(2);
});
