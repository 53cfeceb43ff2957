/** Roles that may act for the host: `owner` (everything the admin may do), `moderator`, `inviter`. */
import type { Did } from "@atcute/lexicons";
import { asc, eq } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { role } from "../../schema/directory.ts";

export type Role = "owner" | "moderator" | "inviter";

export interface RoleGrant {
  did: Did;
  role: Role;
  /** A DID, or `admin`. */
  grantedBy: string;
  /** ISO 8601 */
  grantedAt: string;
}

export class ModerationRoles {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  async of(did: Did): Promise<Role | null> {
    const row = await this.#db.select().from(role).where(eq(role.did, did)).get();
    return row?.role ?? null;
  }

  async list(): Promise<RoleGrant[]> {
    const rows = await this.#db.select().from(role).orderBy(asc(role.grantedAt)).limit(1_000);
    return rows.map(({ did, role: held, grantedBy, grantedAt }) => ({
      did,
      role: held,
      grantedBy,
      grantedAt,
    }));
  }

  /** Grants a role. A member has one role; a new one replaces it. */
  async grant(did: Did, wanted: Role, grantedBy: string): Promise<void> {
    const row = { did, role: wanted, grantedBy, grantedAt: new Date(this.#clock()).toISOString() };
    await this.#db.insert(role).values(row).onConflictDoUpdate({ target: role.did, set: row });
  }

  async revoke(did: Did): Promise<void> {
    await this.#db.delete(role).where(eq(role.did, did));
  }
}
