/** The host's members: its accounts in D1 (`DIRECTORY`), from a handle's reservation to its release. */
import type { Did, Handle } from "@atcute/lexicons";
import { and, eq, inArray, notInArray, sql, type SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { account } from "../../schema/directory.ts";
import type { AccountStatus } from "../protocol/events.ts";
import { invalidRequest, Refusal } from "../protocol/refusal.ts";
import { accountQueries, unhoused } from "./account-queries.ts";
import { IdentityCache } from "./identity-cache.ts";
import { Invites } from "./invites.ts";
import { ReservedKeys } from "./reserved-keys.ts";
import { ReservedNames } from "./reserved-names.ts";
import { hostSecret, type SecretBindings, type SecretName } from "./secrets.ts";

type AccountRow = typeof account.$inferSelect;

/** Shown in place of a handle that does not resolve back to its DID (atproto handle spec). */
export const INVALID_HANDLE: Handle = "handle.invalid";

/** Stored in place of such a handle. It is no handle, so nothing finds the account by it. */
const noHandle = (did: Did): string => `invalid:${did}`;

/** One member. Times are ISO 8601; `email` and `handle` are lower-case. */
export interface Member extends Omit<AccountRow, "did" | "handle"> {
  did: Did;
  handle: Handle;
  /**
   * The status shown to others: a takedown overrides the member's own state. Reserved accounts count as
   * deactivated.
   */
  status: AccountStatus;
}

/** The names held for an account before its DID is registered. */
export interface Reservation {
  did: Did;
  /** Normalised. */
  handle: Handle;
  email?: string | undefined;
  /** Must have a use left; the same transaction takes the use. */
  inviteCode?: string | undefined;
}

export interface MemberPage {
  members: Member[];
  cursor?: string;
}

export interface MemberQuery {
  limit: number;
  cursor?: string | undefined;
  /** Part of a handle or e-mail address, or a whole DID. */
  search?: string | undefined;
  email?: string | undefined;
}

function statusOf(found: Pick<AccountRow, "state" | "takedown">): AccountStatus {
  if (found.state === "deleted") return "deleted";
  if (found.takedown !== null) return found.takedown;
  return found.state === "active" ? "active" : "deactivated";
}

const handleTaken = (handle: string) => new Refusal("HandleNotAvailable", `Handle already taken: ${handle}`);
const emailTaken = (email: string) => invalidRequest(`Email already taken: ${email}`);

export class Directory {
  readonly invites: Invites;
  readonly cache: IdentityCache;
  readonly reservedKeys: ReservedKeys;
  readonly reservedNames: ReservedNames;
  readonly #env: SecretBindings;
  readonly #database: D1Database;
  readonly #db: DrizzleD1Database;
  readonly #queries: ReturnType<typeof accountQueries>;
  readonly #clock: () => number;

  constructor(env: SecretBindings, clock: () => number = Date.now) {
    this.#env = env;
    this.#database = env.DIRECTORY;
    this.#db = drizzle(env.DIRECTORY);
    this.#queries = accountQueries(env.DIRECTORY);
    this.#clock = clock;
    this.invites = new Invites(env.DIRECTORY, clock);
    this.cache = new IdentityCache(env.DIRECTORY, clock);
    this.reservedKeys = new ReservedKeys(env.DIRECTORY, clock);
    this.reservedNames = new ReservedNames(env.DIRECTORY, clock);
  }

  /** One of the host's secrets, generated on first use. A value in the environment takes precedence. */
  async secret(name: SecretName): Promise<string> {
    return hostSecret(this.#env, name);
  }

  /** The member with this DID or handle, whatever their status; null when there is none. */
  async find(identifier: string): Promise<Member | null> {
    return identifier.startsWith("did:") ? this.findByDid(identifier) : this.findByHandle(identifier);
  }

  async findByDid(did: string): Promise<Member | null> {
    return memberOf(await this.#queries.byDid.get({ value: did }));
  }

  async findByHandle(handle: string): Promise<Member | null> {
    return memberOf(await this.#queries.byHandle.get({ value: handle.toLowerCase() }));
  }

  async findByEmail(email: string): Promise<Member | null> {
    return memberOf(await this.#queries.byEmail.get({ value: email.toLowerCase() }));
  }

  /** The members that have the handle and the e-mail address. */
  async holders(handle: Handle, email: string): Promise<{ handle: Member | null; email: Member | null }> {
    const address = email.toLowerCase();
    const rows = await this.#queries.holders.all({ handle, email: address });
    const found = rows.map(asMember);
    return {
      handle: found.find((each) => each.handle === handle) ?? null,
      email: found.find((each) => each.email === address) ?? null,
    };
  }

  /** The row of a DID at any stage, reserved and deleted ones included: for lifecycle. */
  async stage(did: string): Promise<Member | null> {
    return memberOf(await this.#queries.stage.get({ value: did }));
  }

  /** Members by DID; unknown DIDs are absent. */
  async findAll(dids: readonly string[]): Promise<Map<string, Member>> {
    if (dids.length === 0) return new Map();
    const wanted = sql`(SELECT value FROM json_each(${JSON.stringify(dids)}))`;
    const rows = await this.#db
      .select()
      .from(account)
      .where(and(inArray(account.did, wanted), notInArray(account.state, [...unhoused])));
    return new Map(rows.map((row) => [row.did, asMember(row)]));
  }

  /**
   * Reserves DID, handle and e-mail address, and takes a use of the invite code, in one transaction.
   * Idempotent for the same DID and handle.
   * Refuses HandleNotAvailable, InvalidInviteCode, InvalidRequest (e-mail taken), AlreadyExists (the DID
   * lives here).
   */
  async reserve(wanted: Reservation): Promise<void> {
    const { did, handle, inviteCode = null } = wanted;
    const email = wanted.email?.toLowerCase() ?? null;
    const at = this.#now();
    const take = this.#database
      .prepare(
        `INSERT OR IGNORE INTO invite_use (code, used_by, used_at)
         SELECT i.code, ?2, ?3 FROM invite_code i LEFT JOIN account a ON a.did = i.for_account
         WHERE i.code = ?1 AND i.disabled = 0 AND a.takedown IS NULL
           AND i.available_uses > (SELECT count(*) FROM invite_use u WHERE u.code = i.code)`,
      )
      .bind(inviteCode, did, at);
    const hold = this.#database
      .prepare(
        `INSERT INTO account (did, handle, email, state, created_at, invite_code)
         SELECT ?2, ?3, ?4, 'reserved', ?5, ?1
         WHERE ?1 IS NULL OR EXISTS (SELECT 1 FROM invite_use WHERE code = ?1 AND used_by = ?2)`,
      )
      .bind(inviteCode, did, handle, email, at);
    try {
      const results = await this.#database.batch([take, hold]);
      if (results[1]?.meta.changes === 0) {
        throw new Refusal("InvalidInviteCode", "Provided invite code not available");
      }
    } catch (thrown) {
      const taken = conflictOf(thrown);
      if (taken === null) throw thrown;
      // An earlier run of the same reservation conflicts by handle or address as well as by DID.
      if (await this.#isHeld(wanted)) return;
      throw taken === "email" ? emailTaken(wanted.email ?? "") : handleTaken(handle);
    }
  }

  /**
   * Releases a reservation: handle, e-mail address and the use of the invite are free again. Has no effect on
   * a member.
   */
  async release(did: Did): Promise<void> {
    const reserved = `EXISTS (SELECT 1 FROM account WHERE did = ?1 AND state = 'reserved')`;
    await this.#database.batch([
      this.#database
        .prepare(
          `DELETE FROM invite_use WHERE used_by = ?1 AND ${reserved}
           AND code = (SELECT invite_code FROM account WHERE did = ?1)`,
        )
        .bind(did),
      this.#database.prepare(`DELETE FROM account WHERE did = ?1 AND state = 'reserved'`).bind(did),
    ]);
  }

  /** Activates a reserved or deactivated account. Leaves a takedown in place. */
  async activate(did: Did): Promise<Member> {
    return found(await this.#queries.activate.get({ value: did }));
  }

  /** Deactivates a reserved (migrating) or active account. `deleteAfter`: when it may be deleted for good. */
  async deactivate(did: Did, deleteAfter: string | null = null): Promise<Member> {
    return this.#change(did, { state: "deactivated", deactivatedAt: this.#now(), deleteAfter });
  }

  /**
   * Takes the account down or suspends it; null undoes either. `ref` is the moderator's reference, by default
   * the time.
   */
  async setTakedown(did: Did, takedown: "takendown" | "suspended" | null, ref?: string): Promise<void> {
    const takedownRef = takedown === null ? null : (ref ?? this.#now());
    await this.#change(did, { takedown, takedownRef });
  }

  /** First half of a deletion: lookups no longer find the account, but its handle is still held. */
  async markDeleted(did: Did): Promise<void> {
    await this.#change(did, { state: "deleted", email: null, emailConfirmedAt: null });
  }

  /** Deletes the account's row and frees its handle. The use of its invite stays taken. */
  async remove(did: Did): Promise<void> {
    await this.#db.delete(account).where(eq(account.did, did));
  }

  /** `handle.invalid` frees the handle for others. Refuses HandleNotAvailable. */
  async setHandle(did: Did, handle: Handle): Promise<void> {
    try {
      await this.#change(did, {
        handle: handle === INVALID_HANDLE ? noHandle(did) : handle,
        handleCheckedAt: this.#clock(),
        handleConfirmedAt: this.#clock(),
      });
    } catch (thrown) {
      throw conflictOf(thrown) === "handle" ? handleTaken(handle) : thrown;
    }
  }

  /** Refuses InvalidRequest when another account has the address. The new address is unconfirmed. */
  async setEmail(did: Did, email: string): Promise<void> {
    try {
      await this.#change(did, { email: email.toLowerCase(), emailConfirmedAt: null });
    } catch (thrown) {
      if (conflictOf(thrown) !== "email") throw thrown;
      throw invalidRequest("This email address is already in use, please use a different email.");
    }
  }

  /** Marks the address as confirmed if it is still the account's. False when it is not. */
  async confirmEmail(did: Did, email: string): Promise<boolean> {
    const { meta } = await this.#db
      .update(account)
      .set({ emailConfirmedAt: this.#now() })
      .where(and(eq(account.did, did), eq(account.email, email.toLowerCase())));
    return meta.changes > 0;
  }

  /** Access tokens issued before now no longer open the account's own settings. */
  async endSessions(did: Did): Promise<void> {
    await this.#change(did, { sessionsEndedAt: Math.floor(this.#clock() / 1000) });
  }

  /**
   * Active and deactivated members whose handle is under none of these domains and was not checked since
   * `before` (milliseconds of the Unix epoch), the longest unchecked first.
   */
  async uncheckedHandles(domains: readonly string[], before: number, limit: number): Promise<Member[]> {
    const isOurs = sql`EXISTS (SELECT 1 FROM json_each(${JSON.stringify(domains)}) AS d
      WHERE substr(${account.handle}, -length(d.value)) = d.value)`;
    const rows = await this.#db
      .select()
      .from(account)
      .where(
        and(
          inArray(account.state, ["active", "deactivated"]),
          sql`coalesce(${account.handleCheckedAt}, 0) < ${before}`,
          sql`NOT ${isOurs}`,
        ),
      )
      .orderBy(sql`coalesce(${account.handleCheckedAt}, 0), ${account.did}`)
      .limit(limit);
    return rows.map(asMember);
  }

  /** Notes that a handle was looked up, and when its domain last named the account. */
  async markHandleChecked(did: Did, confirmedAt: number): Promise<void> {
    await this.#change(did, { handleCheckedAt: this.#clock(), handleConfirmedAt: confirmedAt });
  }

  async setInvitesDisabled(did: Did, disabled: boolean, note?: string): Promise<void> {
    await this.#change(did, {
      invitesDisabled: disabled,
      ...(note === undefined ? {} : { inviteNote: note }),
    });
  }

  /** The number of active accounts; undefined if there are more than `most` accounts, whatever their state. */
  async countActive(most: number): Promise<number | undefined> {
    const isActive = ({ state, takedown }: Pick<AccountRow, "state" | "takedown">) =>
      state === "active" && takedown === null;
    const rows = await this.#db
      .select({ state: account.state, takedown: account.takedown })
      .from(account)
      .limit(most + 1);
    return rows.length > most ? undefined : rows.filter(isActive).length;
  }

  /** Members, newest first, for an admin's list. Refuses InvalidRequest for an invalid cursor. */
  async list(query: MemberQuery): Promise<MemberPage> {
    const conditions: SQL[] = [notInArray(account.state, [...unhoused])];
    if (query.cursor !== undefined) conditions.push(afterCursor(query.cursor));
    if (query.email !== undefined) conditions.push(eq(account.email, query.email.toLowerCase()));
    if (query.search) conditions.push(matching(query.search));
    const rows = await this.#db
      .select()
      .from(account)
      .where(and(...conditions))
      .orderBy(sql`${account.createdAt} DESC, ${account.did} DESC`)
      .limit(query.limit);
    const last = rows.at(-1);
    const page: MemberPage = { members: rows.map(asMember) };
    if (last && rows.length === query.limit) page.cursor = `${last.createdAt}::${last.did}`;
    return page;
  }

  /** Whether the same reservation was made before. Refuses AlreadyExists when its DID is past that stage. */
  async #isHeld(wanted: Reservation): Promise<boolean> {
    const earlier = await this.stage(wanted.did);
    if (earlier === null) return false;
    if (earlier.state === "reserved" && earlier.handle === wanted.handle) return true;
    throw new Refusal("AlreadyExists", "Repo already exists");
  }

  /** Updates the account; returns its new state. Refuses AccountNotFound. */
  async #change(did: Did, values: Partial<AccountRow>): Promise<Member> {
    return found(await this.#db.update(account).set(values).where(eq(account.did, did)).returning().get());
  }

  #now(): string {
    return new Date(this.#clock()).toISOString();
  }
}

/** The casts are safe: rows hold only what `reserve` and `setHandle` were given, typed as Did and Handle. */
function asMember(row: AccountRow): Member {
  const handle = row.handle.startsWith("invalid:") ? INVALID_HANDLE : (row.handle as Handle);
  return { ...row, did: row.did as Did, handle, status: statusOf(row) };
}

const memberOf = (row: AccountRow | undefined) => (row === undefined ? null : asMember(row));

/** Refuses AccountNotFound. */
function found(row: AccountRow | undefined): Member {
  if (row === undefined) throw new Refusal("AccountNotFound", "Account not found");
  return asMember(row);
}

function matching(search: string): SQL {
  const part = search.toLowerCase();
  // instr, not LIKE: D1 allows LIKE patterns of 50 bytes only, and `%` in a search means itself.
  return sql`(${account.did} = ${search} OR instr(${account.handle}, ${part}) > 0 OR instr(${account.email}, ${part}) > 0)`;
}

function afterCursor(cursor: string): SQL {
  const [createdAt, did] = cursor.split("::");
  if (!createdAt || !did || Number.isNaN(Date.parse(createdAt))) {
    throw invalidRequest("Malformed cursor");
  }
  return sql`(${account.createdAt}, ${account.did}) < (${createdAt}, ${did})`;
}

/** The unique column of `account` whose constraint failed a statement; null for any other error. */
function conflictOf(thrown: unknown): "did" | "handle" | "email" | null {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const column = /UNIQUE constraint failed: account\.(did|handle|email)/.exec(error.message)?.[1];
    if (column === "did" || column === "handle" || column === "email") return column;
  }
  return null;
}
