/**
 * The host's members: its accounts in D1 (`DIRECTORY`). What other stations must follow is changed through
 * `changes`.
 */
import type { Did, Handle } from "@atcute/lexicons";
import { and, eq, inArray, notInArray, sql, type SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { account } from "../../schema/directory.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import { accountQueries } from "./account-queries.ts";
import { Changes } from "./changes.ts";
import { IdentityCache } from "./identity-cache.ts";
import { Invites } from "./invites.ts";
import {
  type AccountRow,
  type Member,
  accountNotFound,
  asMember,
  conflictOf,
  memberOf,
  unhoused,
} from "./member.ts";
import { ReservedKeys } from "./reserved-keys.ts";
import { ReservedNames } from "./reserved-names.ts";
import { hostSecret, type SecretBindings, type SecretName } from "./secrets.ts";
import { Unsettled } from "./unsettled.ts";

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

export class Directory {
  readonly unsettled: Unsettled;
  readonly changes: Changes;
  readonly invites: Invites;
  readonly cache: IdentityCache;
  readonly reservedKeys: ReservedKeys;
  readonly reservedNames: ReservedNames;
  readonly #env: SecretBindings;
  readonly #db: DrizzleD1Database;
  readonly #queries: ReturnType<typeof accountQueries>;
  readonly #clock: () => number;

  constructor(env: SecretBindings, clock: () => number = Date.now) {
    this.#env = env;
    this.#db = drizzle(env.DIRECTORY);
    this.#queries = accountQueries(env.DIRECTORY);
    this.#clock = clock;
    this.unsettled = new Unsettled(env.DIRECTORY, clock);
    this.changes = new Changes(env.DIRECTORY, this.unsettled, clock);
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

  /** Updates the account; returns its new state. Refuses AccountNotFound. */
  async #change(did: Did, values: Partial<AccountRow>): Promise<Member> {
    const row = await this.#db.update(account).set(values).where(eq(account.did, did)).returning().get();
    if (row === undefined) throw accountNotFound();
    return asMember(row);
  }

  #now(): string {
    return new Date(this.#clock()).toISOString();
  }
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
