/**
 * Invite codes (com.atproto.server.createInviteCode and related methods). `Directory.reserve` takes the uses.
 */
import type { Did } from "@atcute/lexicons";
import { eq, sql, type SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { inviteCode } from "../../schema/directory.ts";
import { invalidRequest, Refusal } from "../protocol/refusal.ts";
import { visibleText } from "../protocol/visible-text.ts";

/** com.atproto.server.defs#inviteCode */
export interface InviteCode {
  code: string;
  /** Total uses, including those taken. */
  available: number;
  disabled: boolean;
  /** A DID, or `admin`. */
  forAccount: string;
  createdBy: string;
  createdAt: string;
  uses: { usedBy: Did; usedAt: string }[];
}

export interface NewInvites {
  forAccount: string;
  codes: string[];
  /** Uses of each code. */
  uses: number;
  createdBy: string;
  disabled?: boolean;
  /** ISO 8601; by default they last for ever. */
  expiresAt?: string | undefined;
}

export interface InviteQuery {
  sort: "recent" | "usage";
  limit: number;
  cursor?: string | undefined;
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * Makes a new code such as `my-host-example-abc23-567xy`: the host's name, with dashes for dots so that the
 * code is not taken for a link, then 50 random bits.
 */
export function newInviteCode(hostname: string): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  const letters = [...random].map((byte) => BASE32[byte & 31]).join("");
  return `${hostname.replaceAll(".", "-")}-${letters.slice(0, 5)}-${letters.slice(5)}`;
}

/** The code in what somebody pasted: in capitals, between blanks, or as the link that carries it. */
export const inviteCodeIn = (typed: string): string =>
  visibleText(typed)
    .toLowerCase()
    .replace(/^https?:\/\/[^/]+\/join\/([^/?#]+).*$/, "$1");

const detail = sql`
  SELECT code, available_uses AS available, disabled, for_account AS forAccount, created_by AS createdBy,
    created_at AS createdAt, (SELECT count(*) FROM invite_use u WHERE u.code = c.code) AS used,
    (SELECT json_group_array(json_object('usedBy', used_by, 'usedAt', used_at) ORDER BY used_at DESC)
      FROM invite_use u WHERE u.code = c.code) AS uses
  FROM invite_code c`;

interface DetailRow {
  code: string;
  available: number;
  disabled: number;
  forAccount: string;
  createdBy: string;
  createdAt: string;
  used: number;
  /** JSON */
  uses: string;
}

export class Invites {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /**
   * Makes codes: all of them, or none where `most` people whom `of` may invite would be exceeded. False then.
   */
  async create(wanted: NewInvites[], limit?: { of: string; most: number }): Promise<boolean> {
    const createdAt = this.#now();
    const rows = wanted.flatMap(({ codes, disabled = false, ...each }) =>
      codes.map((code) => ({ ...each, code, disabled: disabled ? 1 : 0 })),
    );
    if (rows.length === 0) return true;
    const people = rows.reduce((sum, { uses }) => sum + uses, 0);
    const { of = "", most = Infinity } = limit ?? {};
    const room =
      limit === undefined
        ? sql`1`
        : sql`${most} >= ${people} + (SELECT coalesce(sum(available_uses), 0) FROM invite_code
            WHERE for_account = ${of} AND for_account <> 'admin')`;
    const { meta } = await this.#db.run(sql`
      INSERT INTO invite_code (code, available_uses, disabled, for_account, created_by, created_at, expires_at)
      SELECT value ->> 'code', value ->> 'uses', value ->> 'disabled', value ->> 'forAccount', value ->> 'createdBy',
        ${createdAt}, value ->> 'expiresAt' FROM json_each(${JSON.stringify(rows)}) WHERE ${room}`);
    return meta.changes > 0;
  }

  /** How many people a member may invite by the codes that they have, stopped ones included. */
  async peopleOf(of: Did): Promise<number> {
    const found = await this.#db.get<{ people: number }>(
      sql`SELECT coalesce(sum(available_uses), 0) AS people FROM invite_code WHERE ${isOf(of)}`,
    );
    return found.people;
  }

  /** An early check, for a clear error; `Directory.reserve` decides. Refuses InvalidInviteCode. */
  async assertAvailable(code: string): Promise<void> {
    if ((await this.giverOf(code)) === null) {
      throw new Refusal("InvalidInviteCode", "Provided invite code not available");
    }
  }

  /** The owner of a code that can still be used, a DID or `admin`; null for any other code. */
  async giverOf(code: string): Promise<string | null> {
    const found = await this.#db.get<{ giver: string } | undefined>(sql`
      SELECT i.for_account AS giver FROM invite_code i LEFT JOIN account a ON a.did = i.for_account
      WHERE i.code = ${inviteCodeIn(code)} AND i.disabled = 0 AND ${isInTime(this.#now())} AND a.takedown IS NULL AND a.state IS NOT 'deleted'
        AND i.available_uses > (SELECT count(*) FROM invite_use u WHERE u.code = i.code)`);
    return found?.giver ?? null;
  }

  /** All codes of an account, used and disabled ones included. */
  async of(did: Did): Promise<InviteCode[]> {
    return this.#details(sql`${detail} WHERE ${isOf(did)} ORDER BY created_at, code`);
  }

  /** How many codes a member made for themselves. */
  async madeBy(did: Did): Promise<number> {
    const found = await this.#db.get<{ made: number }>(
      sql`SELECT count(*) AS made FROM invite_code WHERE ${isOf(did)} AND created_by = ${did}`,
    );
    return found.made;
  }

  /**
   * Makes a code with one use for an active member who made fewer than `most`, in one statement, so that two
   * calls at once make no more. False if they may not, or made as many.
   */
  async give(did: Did, code: string, most: number): Promise<boolean> {
    const createdAt = new Date(this.#clock()).toISOString();
    const { meta } = await this.#db.run(sql`
      INSERT INTO invite_code (code, available_uses, disabled, for_account, created_by, created_at)
      SELECT ${code}, 1, 0, did, did, ${createdAt} FROM account
      WHERE did = ${did} AND state = 'active' AND takedown IS NULL AND invites_disabled = 0
        AND ${most} > (SELECT count(*) FROM invite_code WHERE ${isOf(did)} AND created_by = ${did})`);
    return meta.changes > 0;
  }

  /** Deletes a code that a member made and nobody used. False if there is no such code. */
  async withdraw(did: Did, code: string): Promise<boolean> {
    const { meta } = await this.#db.run(sql`
      DELETE FROM invite_code WHERE code = ${code} AND for_account = ${did} AND created_by = ${did}
        AND NOT EXISTS (SELECT 1 FROM invite_use WHERE code = ${code})`);
    return meta.changes > 0;
  }

  /** The codes of several accounts, by account. */
  async ofAll(dids: readonly string[]): Promise<Map<string, InviteCode[]>> {
    const codes = await this.#details(
      sql`${detail} WHERE for_account IN (SELECT value FROM json_each(${JSON.stringify(dids)}))`,
    );
    return Map.groupBy(codes, (code) => code.forAccount);
  }

  /** The code with which each of these accounts was created, by account. */
  async invitedBy(dids: readonly string[]): Promise<Map<string, InviteCode>> {
    const wanted = new Set(dids);
    const codes = await this.#details(sql`${detail} WHERE code IN (
      SELECT invite_code FROM account WHERE did IN (SELECT value FROM json_each(${JSON.stringify(dids)})))`);
    return new Map(
      codes.flatMap((code) =>
        code.uses.filter((use) => wanted.has(use.usedBy)).map((use) => [use.usedBy, code] as const),
      ),
    );
  }

  /**
   * One page of all codes (com.atproto.admin.getInviteCodes). Refuses InvalidRequest for an invalid cursor.
   */
  async list(query: InviteQuery): Promise<{ codes: InviteCode[]; cursor?: string }> {
    const key = query.sort === "recent" ? sql`createdAt` : sql`used`;
    const rows = await this.#db.all<DetailRow>(sql`
      SELECT * FROM (${detail}) ${afterCursor(query, key)} ORDER BY ${key} DESC, code DESC LIMIT ${query.limit}`);
    const last = rows.at(-1);
    const codes = rows.map(asInvite);
    if (!last || rows.length < query.limit) return { codes };
    return {
      codes,
      cursor: `${query.sort === "recent" ? last.createdAt : last.used}::${last.code}`,
    };
  }

  async disable(which: { codes?: string[]; accounts?: string[] }): Promise<void> {
    const { codes = [], accounts = [] } = which;
    if (accounts.includes("admin")) throw invalidRequest("cannot disable admin invite codes");
    await this.#db.run(sql`
      UPDATE invite_code SET disabled = 1 WHERE disabled = 0 AND (
        code IN (SELECT value FROM json_each(${JSON.stringify(codes)}))
        OR for_account IN (SELECT value FROM json_each(${JSON.stringify(accounts)})))`);
  }

  /** An admin's code that newcomers can still use, for the first start; null when there is none. */
  async anyOpen(): Promise<string | null> {
    const found = await this.#db
      .select({ code: inviteCode.code })
      .from(inviteCode)
      .where(
        sql`${eq(inviteCode.disabled, false)} AND expires_at IS NULL AND for_account = 'admin' AND available_uses > (
          SELECT count(*) FROM invite_use u WHERE u.code = ${inviteCode.code})`,
      )
      .get();
    return found?.code ?? null;
  }

  #now(): string {
    return new Date(this.#clock()).toISOString();
  }

  async #details(query: SQL): Promise<InviteCode[]> {
    return (await this.#db.all<DetailRow>(query)).map(asInvite);
  }
}

/** Whether an invite `i` still lets anybody in at that time. */
const isInTime = (now: string) => sql`(i.expires_at IS NULL OR i.expires_at > ${now})`;

/** The second condition lets SQLite use the index, which leaves out the admin's codes. */
const isOf = (did: Did) => sql`for_account = ${did} AND for_account <> 'admin'`;

function asInvite(row: DetailRow): InviteCode {
  const { code, available, forAccount, createdBy, createdAt } = row;
  const uses: InviteCode["uses"] = JSON.parse(row.uses);
  return { code, available, disabled: row.disabled === 1, forAccount, createdBy, createdAt, uses };
}

function afterCursor(query: InviteQuery, key: SQL): SQL {
  if (query.cursor === undefined) return sql``;
  const [at, code] = query.cursor.split("::");
  const valid = query.sort === "recent" ? !Number.isNaN(Date.parse(at ?? "")) : /^\d+$/.test(at ?? "");
  if (!valid || !code) throw invalidRequest("Malformed cursor");
  return sql`WHERE (${key}, code) < (${query.sort === "recent" ? at : Number(at)}, ${code})`;
}
