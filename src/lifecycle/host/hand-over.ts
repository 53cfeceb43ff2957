/**
 * The hand-over of a host from one owner to a member, in two steps: it is begun by the old owner, and accepted by
 * the new one. If the old owner is gone, whoever has their recovery key begins it; then every owner is told, and
 * has three days to stop it.
 */
import type { Did } from "@atcute/lexicons";
import { Directory } from "../../identity/directory.ts";
import { mailerOf } from "../../identity/mail/mailer.ts";
import { hostSecret } from "../../identity/secrets.ts";
import { ModerationAudit } from "../../moderation/audit.ts";
import { ModerationRoles } from "../../moderation/roles.ts";
import { derivedKey, macOf } from "../../oauth/digest.ts";
import { verify } from "../../protocol/keys.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { listRecoveryKeys } from "../recovery.ts";
import type { LifecycleServices } from "../services.ts";

export interface HandOver {
  from: Did;
  to: Did;
  /** Whether it was begun with the old owner's recovery key. */
  byKey: boolean;
  /** Milliseconds of the Unix epoch. */
  readyAt: number;
}

interface Row {
  from_did: Did;
  to_did: Did;
  by_key: number;
  ready_at: number;
}

const HOUR_MS = 60 * 60 * 1000;
/** How long the owners have to stop what was begun with a recovery key. */
export const WAIT_MS = 72 * HOUR_MS;
/** An offer that nobody accepts ends. */
const KEPT_MS = 14 * 24 * HOUR_MS;

/** Null if none is under way. */
export async function handOverUnderWay(database: D1Database): Promise<HandOver | null> {
  const row = await database
    .prepare("SELECT * FROM hand_over WHERE ready_at > ?1")
    .bind(Date.now() - KEPT_MS)
    .first<Row>();
  if (row === null) return null;
  return { from: row.from_did, to: row.to_did, byKey: row.by_key === 1, readyAt: row.ready_at };
}

/** Begins one, in the place of another. Refuses InvalidRequest unless `from` is an owner, and `to` somebody else. */
async function begin(
  database: D1Database,
  { from, to, byKey }: Pick<HandOver, "from" | "to" | "byKey">,
): Promise<void> {
  const now = Date.now();
  const { meta } = await database
    .prepare(
      `INSERT OR REPLACE INTO hand_over (id, from_did, to_did, by_key, begun_at, ready_at)
        SELECT 1, ?1, ?2, ?3, ?4, ?5 WHERE ?1 <> ?2
          AND EXISTS (SELECT 1 FROM role WHERE did = ?1 AND role = 'owner')
          AND EXISTS (SELECT 1 FROM account WHERE did = ?2 AND state = 'active' AND takedown IS NULL)`,
    )
    .bind(from, to, byKey ? 1 : 0, now, byKey ? now + WAIT_MS : now)
    .run();
  if (meta.changes === 0)
    throw invalidRequest("A hand-over is from an owner to another member, whose account is switched on");
}

/** By the old owner, signed in. */
export async function offerHandOver(database: D1Database, from: Did, to: Did): Promise<void> {
  await new ModerationAudit(database).around({ actor: from, action: "offerHandOver", subject: to }, () =>
    begin(database, { from, to, byKey: false }),
  );
}

export async function stopHandOver(database: D1Database, actor: string): Promise<void> {
  await new ModerationAudit(database).around({ actor, action: "stopHandOver" }, () =>
    database.prepare("DELETE FROM hand_over").run(),
  );
}

/** Gives the role to the member to whom it was offered, who takes the old owner's place. Refuses InvalidRequest, TooEarly. */
export async function acceptHandOver(database: D1Database, to: Did): Promise<void> {
  const offer = await handOverUnderWay(database);
  if (offer === null || offer.to !== to) throw invalidRequest("Nothing is handed over to you");
  if (offer.readyAt > Date.now()) throw new Refusal("TooEarly", "The owners can stop it still", 400);
  const { from } = offer;
  await new ModerationAudit(database).around(
    { actor: to, action: "acceptHandOver", subject: from },
    async () => {
      const isStill = "EXISTS (SELECT 1 FROM hand_over WHERE from_did = ?1 AND to_did = ?2)";
      const [granted] = await database.batch([
        database
          .prepare(
            `INSERT INTO role (did, role, granted_by, granted_at) SELECT ?2, 'owner', ?1, ?3 WHERE ${isStill}
            AND EXISTS (SELECT 1 FROM role WHERE did = ?1 AND role = 'owner')
            ON CONFLICT (did) DO UPDATE SET role = excluded.role, granted_by = excluded.granted_by,
              granted_at = excluded.granted_at`,
          )
          .bind(from, to, new Date().toISOString()),
        database.prepare(`DELETE FROM role WHERE did = ?1 AND changes() > 0 AND ${isStill}`).bind(from, to),
        database.prepare("DELETE FROM hand_over WHERE from_did = ?1 AND to_did = ?2").bind(from, to),
      ]);
      if (granted?.meta.changes === 0) throw invalidRequest("It was stopped");
    },
  );
}

export type HandOverServices = LifecycleServices & { env: Bindings };

/**
 * The text that a recovery key signs to begin a hand-over: good for this host, these two people, and an
 * hour or two.
 */
export async function handOverChallenge(
  env: Bindings,
  { from, to }: { from: Did; to: Did },
  now = Date.now(),
): Promise<string> {
  const key = derivedKey(await hostSecret(env, "JWT_SECRET"), "hand-over");
  return `atoll hand-over ${macOf(key, `${from} ${to} ${Math.floor(now / HOUR_MS)}`)}`;
}

interface Proof {
  from: Did;
  to: Did;
  /** A did:key. */
  key: string;
  /** 64 bytes. */
  signature: Uint8Array;
}

/**
 * By whoever has the recovery key of an owner. Tells every owner. Refuses InvalidRequest for a key that is none of
 * the owner's, or whose signature is not right.
 */
export async function claimHandOver(services: HandOverServices, proof: Proof): Promise<void> {
  const { env } = services;
  const { from, to, key } = proof;
  const roles = await new ModerationRoles(env.DIRECTORY).list();
  const owners = roles.filter(({ role }) => role === "owner").map(({ did }) => did);
  const keys = owners.includes(from) ? await listRecoveryKeys(services, from) : null;
  if (!keys?.includes(key) || !(await isSigned(env, proof)))
    throw invalidRequest("This is no recovery key of an owner");
  await new ModerationAudit(env.DIRECTORY).around({ actor: to, action: "claimHandOver", subject: from }, () =>
    begin(env.DIRECTORY, { from, to, byKey: true }),
  );
  await tellOwners(env, owners, to);
}

async function isSigned(env: Bindings, { from, to, key, signature }: Proof): Promise<boolean> {
  for (const at of [Date.now(), Date.now() - HOUR_MS]) {
    const text = new TextEncoder().encode(await handOverChallenge(env, { from, to }, at));
    if (await verify(key, text, signature, { allowMalleableSig: true })) return true;
  }
  return false;
}

async function tellOwners(env: Bindings, owners: readonly Did[], to: Did): Promise<void> {
  const members = await new Directory(env).findAll([...owners, to]);
  const mailer = mailerOf(env);
  const name = members.get(to)?.handle ?? to;
  for (const did of owners) {
    const email = members.get(did)?.email ?? null;
    if (email === null) continue;
    await mailer.send({
      kind: "letter",
      did,
      to: email,
      subject: "Somebody wants to take over your host",
      text: `Hello,\n\n@${name} has an owner’s recovery key, and will be able to take over this host in three days.\nIf that is not right, stop it here:\n\n    ${env.PUBLIC_URL}/admin/hand-over\n`,
    });
  }
}
