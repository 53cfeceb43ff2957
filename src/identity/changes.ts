/**
 * Changes of a member's row that other stations must follow. Each is one transaction with the act that tells
 * them so.
 */
import type { Did, Handle } from "@atcute/lexicons";
import { and, eq, notInArray, sql, type SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { account, inviteUse, reservedKey, unsettled } from "../../schema/directory.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import {
  type AccountRow,
  type Member,
  accountNotFound,
  asMember,
  conflictOf,
  memberOf,
  storedHandle,
  unhoused,
} from "./member.ts";
import type { Act, NewAct, Unsettled } from "./unsettled.ts";

/** The names held for an account until it is listed. */
export interface Reservation {
  did: Did;
  /** Normalised. */
  handle: Handle;
  email?: string | undefined;
  /** Must have a use left; the same transaction takes the use. */
  inviteCode?: string | undefined;
}

/** A change that was made, and the act by which the stations follow it. */
export interface Change {
  act: Act;
  member: Member;
}

/** A day for an upload to end in, and an hour more. */
const DEPART_MS = 25 * 3_600_000;

const handleTaken = (handle: string) => new Refusal("HandleNotAvailable", `Handle already taken: ${handle}`);
const emailTaken = (email: string) => invalidRequest(`Email already taken: ${email}`);

export class Changes {
  readonly #db: DrizzleD1Database;
  readonly #unsettled: Unsettled;
  readonly #clock: () => number;

  constructor(database: D1Database, unsettled: Unsettled, clock: () => number) {
    this.#db = drizzle(database);
    this.#unsettled = unsettled;
    this.#clock = clock;
  }

  /**
   * Reserves DID, handle and e-mail address, and takes a use of the invite code, in one transaction. Refuses
   * HandleNotAvailable, InvalidInviteCode, InvalidRequest (e-mail taken), AlreadyExists (the DID is here).
   */
  async reserve(kind: "create" | "bring", wanted: Reservation): Promise<Act> {
    const { did, handle, inviteCode = null } = wanted;
    const email = wanted.email?.toLowerCase() ?? null;
    const at = this.#clock();
    // All columns, in order. The row's time is the act's, by which the reservation is known again.
    const hold = this.#db.insert(account)
      .select(sql`SELECT ${did}, ${handle}, ${email}, NULL, 'reserved', NULL, NULL, ${isoOf(at)}, NULL, NULL,
        ${inviteCode}, 0, NULL, NULL, NULL, NULL WHERE ${inviteCode} IS NULL OR ${hasUsed(inviteCode, did)}
          OR ${hasUseLeft(inviteCode, this.#now())}`);
    // Uses the code if, and only if, the row is there. Who used it before, and comes back, uses it no second time.
    const take = this.#db
      .insert(inviteUse)
      .select(
        sql`SELECT invite_code, did, created_at FROM account WHERE did = ${did} AND invite_code IS NOT NULL`,
      )
      .onConflictDoNothing();
    try {
      const after = inviteCode === null ? [] : [take];
      const begun = await this.#unsettled.begin({ did, kind }, hold, { at, after });
      if (begun === null) throw new Refusal("InvalidInviteCode", "Provided invite code not available");
      return begun.act;
    } catch (thrown) {
      const taken = conflictOf(thrown);
      if (taken === null) throw thrown;
      // A DID that is here conflicts by its own handle or address just as well.
      if (await this.#isHere(did)) throw new Refusal("AlreadyExists", "Repo already exists");
      throw taken === "email" ? emailTaken(wanted.email ?? "") : handleTaken(handle);
    }
  }

  /**
   * Releases what the act reserved: handle, e-mail address and the use of the invite are free again. Has no
   * effect on a member, and none on another act's reservation.
   */
  async release(act: Act): Promise<void> {
    const { did } = act;
    await this.#db.batch([
      this.#db
        .delete(inviteUse)
        .where(
          and(
            eq(inviteUse.usedBy, did),
            sql`${inviteUse.code} = (SELECT invite_code FROM account WHERE ${this.#reservedBy(act)})`,
          ),
        ),
      this.#db.delete(account).where(this.#reservedBy(act)),
      this.#db.delete(unsettled).where(eq(unsettled.id, act.id)),
    ]);
  }

  /**
   * Makes the act's reservation a member. Null if there is none any more. Who is not switched on yet has been off
   * since the account was made, by which lists tell who moves in.
   */
  async admit(act: Act, state: "active" | "deactivated"): Promise<Member | null> {
    const deactivatedAt = state === "active" ? null : sql`created_at`;
    const [rows] = await this.#db.batch([
      this.#db.update(account).set({ state, deactivatedAt }).where(this.#reservedBy(act)).returning(),
      this.#db.delete(reservedKey).where(and(eq(reservedKey.did, act.did), sql`changes() > 0`)),
    ]);
    return memberOf(rows[0]);
  }

  #reservedBy({ id, did }: Act): SQL | undefined {
    return and(
      eq(account.did, did),
      eq(account.state, "reserved"),
      sql`EXISTS (SELECT 1 FROM unsettled WHERE id = ${id})`,
    );
  }

  async #isHere(did: Did): Promise<boolean> {
    const row = await this.#db.select({ did: account.did }).from(account).where(eq(account.did, did)).get();
    return row !== undefined;
  }

  /** Activates a deactivated account. Leaves a takedown in place. Refuses AccountNotFound. */
  activate(did: Did): Promise<Change> {
    return this.#change({ did, kind: "stand" }, { state: "active", deactivatedAt: null, deleteAfter: null });
  }

  /** Deactivates an account. `deleteAfter`: when it may be deleted for good. Refuses AccountNotFound. */
  deactivate(did: Did, deleteAfter: string | null = null): Promise<Change> {
    const deactivatedAt = this.#now();
    return this.#change({ did, kind: "stand" }, { state: "deactivated", deactivatedAt, deleteAfter });
  }

  /**
   * Takes the account down or suspends it; null undoes either. `ref` is the moderator's reference, by default
   * the time. Refuses AccountNotFound.
   */
  setTakedown(did: Did, takedown: "takendown" | "suspended" | null, ref?: string): Promise<Change> {
    const takedownRef = takedown === null ? null : (ref ?? this.#now());
    return this.#change({ did, kind: "takedown" }, { takedown, takedownRef });
  }

  /**
   * Gives an account another handle, which its DID document is to follow. Refuses HandleNotAvailable,
   * AccountNotFound.
   * @param before the handle until now
   */
  rename(did: Did, handle: Handle, before: Handle): Promise<Change> {
    return this.#setHandle({ did, kind: "rename", subject: before }, handle);
  }

  /**
   * Takes over what the DID document says, or no longer says. `handle.invalid` frees the handle for others.
   * Refuses like `rename`.
   */
  setHandle(did: Did, handle: Handle): Promise<Change> {
    return this.#setHandle({ did, kind: "stand" }, handle);
  }

  async #setHandle(act: NewAct, handle: Handle): Promise<Change> {
    const now = this.#clock();
    const stored = storedHandle(act.did, handle);
    try {
      return await this.#change(act, { handle: stored, handleCheckedAt: now, handleConfirmedAt: now });
    } catch (thrown) {
      throw conflictOf(thrown) === "handle" ? handleTaken(handle) : thrown;
    }
  }

  /** Gives a handle back, if the account still has `handle` and nobody else has `before`. */
  async restoreHandle(did: Did, handle: Handle, before: string): Promise<void> {
    await this.#db.run(
      sql`UPDATE OR IGNORE account SET handle = ${before} WHERE did = ${did} AND handle = ${handle}
        AND NOT EXISTS (SELECT 1 FROM join_request WHERE handle = ${before} AND state IN ('waiting', 'approved'))`,
    );
  }

  /**
   * First half of a deletion: lookups no longer find the account, but its handle is still held. Null if the
   * DID is not here at all.
   */
  async markDeleted(did: Did): Promise<Act | null> {
    const gone = { state: "deleted", email: null, emailConfirmedAt: null } as const;
    const begun = await this.#unsettled.begin(
      { did, kind: "delete" },
      this.#db.update(account).set(gone).where(eq(account.did, did)).returning(),
    );
    return begun?.act ?? null;
  }

  /**
   * Second half: the row goes, with all that the directory keeps for the member, and the handle is free. The
   * use of the invite stays taken.
   */
  async remove(did: Did): Promise<void> {
    await this.#unsettled.begin(
      { did, kind: "depart" },
      this.#db.delete(account).where(and(eq(account.did, did), eq(account.state, "deleted"))),
      { due: this.#clock() + DEPART_MS },
    );
  }

  /** Refuses AccountNotFound. */
  async #change(act: NewAct, values: Partial<AccountRow>): Promise<Change> {
    const begun = await this.#unsettled.begin(
      act,
      this.#db
        .update(account)
        .set(values)
        .where(and(eq(account.did, act.did), notInArray(account.state, [...unhoused])))
        .returning(),
    );
    const [row] = begun?.rows ?? [];
    if (begun === null || row === undefined) throw accountNotFound();
    return { act: begun.act, member: asMember(row) };
  }

  #now(): string {
    return isoOf(this.#clock());
  }
}

const isoOf = (ms: number) => new Date(ms).toISOString();

/** Whether an account came here by this invite code before, and was deleted. */
const hasUsed = (code: string | null, did: string): SQL =>
  sql`EXISTS (SELECT 1 FROM invite_use WHERE code = ${code} AND used_by = ${did})`;

/** Whether an invite code can be used once more. */
const hasUseLeft = (code: string | null, now: string): SQL => sql`EXISTS (
  SELECT 1 FROM invite_code i LEFT JOIN account a ON a.did = i.for_account
  WHERE i.code = ${code} AND i.disabled = 0 AND (i.expires_at IS NULL OR i.expires_at > ${now}) AND a.takedown IS NULL AND a.state IS NOT 'deleted'
    AND i.available_uses > (SELECT count(*) FROM invite_use u WHERE u.code = i.code))`;

/** Whether the directory still says of an account what its stations were told. */
export const stillStands = ({ did, state, takedown, takedownRef, handle }: Member): SQL =>
  sql`EXISTS (SELECT 1 FROM account WHERE did = ${did} AND state = ${state} AND takedown IS ${takedown}
    AND takedown_ref IS ${takedownRef} AND handle = ${storedHandle(did, handle)})`;
