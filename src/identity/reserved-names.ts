/** Names that the host's owners keep from its members, beside the built-in ones (`reserved-handles.ts`). */
import { asc, eq, gt, inArray } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { reservedName } from "../../schema/directory.ts";
import { invalidRequest } from "../protocol/refusal.ts";

export type ReservedName = typeof reservedName.$inferSelect;

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export class ReservedNames {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  async has(name: string): Promise<boolean> {
    return (
      (await this.#db.select().from(reservedName).where(eq(reservedName.name, name)).get()) !== undefined
    );
  }

  /** Names by the alphabet, after `cursor` (a name). */
  async list(limit: number, cursor: string | undefined): Promise<{ names: ReservedName[]; cursor?: string }> {
    const names = await this.#db
      .select()
      .from(reservedName)
      .where(cursor === undefined ? undefined : gt(reservedName.name, cursor))
      .orderBy(asc(reservedName.name))
      .limit(limit);
    const last = names.at(-1);
    return last !== undefined && names.length === limit ? { names, cursor: last.name } : { names };
  }

  /** Idempotent. Members who have the name keep it. Refuses InvalidRequest for what is no label of a handle. */
  async reserve(names: readonly string[], by: string): Promise<void> {
    const reservedAt = new Date(this.#clock()).toISOString();
    const rows = names.map((name) => ({ name: labelOf(name), reservedBy: by, reservedAt }));
    const [first, ...others] = rows.map((row) =>
      this.#db.insert(reservedName).values(row).onConflictDoNothing(),
    );
    if (first !== undefined) await this.#db.batch([first, ...others]);
  }

  /** Idempotent. */
  async release(names: readonly string[]): Promise<void> {
    await this.#db.delete(reservedName).where(inArray(reservedName.name, names.map(labelOf)));
  }
}

function labelOf(name: string): string {
  const label = name.toLowerCase();
  if (!NAME.test(label)) throw invalidRequest(`${JSON.stringify(name)} is not the first part of a handle`);
  return label;
}
