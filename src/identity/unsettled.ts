/**
 * Acts that several stations must follow. The directory says what should be. An act is noted in the transaction
 * that changes the directory, and struck out once every station has followed. What dies in between is noted
 * still, and the schedule takes it up. Whoever carries an act out reads the directory's present state, not that
 * of the act, so any number of acts may run at once, in any order: the last one struck out has seen the end.
 */
import type { Did } from "@atcute/lexicons";
import { and, eq, sql, type SQL } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { unsettled } from "../../schema/directory.ts";

/**
 * - `create`, `bring`: a sign-up with a new DID, and with one that the member brings
 * - `stand`: the account's object follows state, takedown and handle
 * - `takedown`: so do the AppView and the sessions
 * - `rename`: so does the DID document; `subject` is the handle before
 * - `identify`: the DID document was changed
 * - `sign-out`: the password was changed, which ends every session but that of the browser `subject`
 * - `moderate`: object and AppView follow the takedown of `subject`, a record's at-uri or a blob's CID
 * - `label`: AppView and subscribers learn of labels; `did` is the host's, `subject` a JSON array of what they are about
 * - `links`: the index follows the blocked links; `did` is the host's, `subject` a JSON array of those blocked last
 * - `rehome`: every member's DID document follows the host's address; `did` is the host's, `subject` how far it is
 * - `delete`: the account ends
 * - `depart`: the account has ended; an upload may have outlived it
 */
export type ActKind =
  | "create"
  | "bring"
  | "stand"
  | "takedown"
  | "rename"
  | "identify"
  | "sign-out"
  | "moderate"
  | "label"
  | "links"
  | "rehome"
  | "delete"
  | "depart";

export interface NewAct {
  did: Did;
  kind: ActKind;
  subject?: string | null;
}

export interface Act {
  id: string;
  did: Did;
  kind: ActKind;
  subject: string | null;
  /** When it began (ms). An account that was made later is not meant. */
  at: number;
}

/** How the stations follow one thing that the directory says. */
export interface Course<State> {
  /** Reads the directory's present state; null when there is nothing left to follow. */
  read(): Promise<State | null>;
  /** Makes the stations follow. May run more than once. */
  follow(state: State): Promise<void>;
  /** A condition on the directory: whether it still says this. */
  holds(state: State): SQL;
}

/**
 * How long whoever carries an act out has it to themselves. Longer than any of its calls may take, so that a
 * call in flight has ended when the act is taken up.
 */
export const LEASE_MS = 30_000;
/** How often a course is run again when the directory changes meanwhile. the schedule does the rest. */
const ROUNDS = 5;

type Row = typeof unsettled.$inferSelect;

/** The casts are safe: `#row` made the row. */
const asAct = ({ id, did, kind, subject, at }: Row): Act => ({
  id,
  did,
  kind: kind as ActKind,
  subject,
  at,
});

type Statement = BatchItem<"sqlite">;

export class Unsettled {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /**
   * Makes a change and notes the act in one transaction. Null when the change touched no row.
   * @param options `at`: when it began (ms), by default now; `due`: when it may be taken up, by default after
   * the lease; `after`: what else belongs to the transaction
   */
  async begin<Rows>(
    act: NewAct,
    change: Statement & { _: { result: Rows } },
    { at, due, after = [] }: { at?: number; due?: number; after?: Statement[] } = {},
  ): Promise<{ act: Act; rows: Rows } | null> {
    const row = this.#row(act, at, due);
    const [rows, noted] = await this.#db.batch([change, this.#noteIfChanged(row), ...after]);
    return noted.meta.changes > 0 ? { act: asAct(row), rows } : null;
  }

  /** The statement that notes an act if the one before it in its batch changed a row. */
  #noteIfChanged({ id, did, kind, subject, at, due }: Row) {
    return this.#db
      .insert(unsettled)
      .select(sql`SELECT ${id}, ${did}, ${kind}, ${subject}, ${at}, ${due} WHERE changes() > 0`);
  }

  /** Notes an act that changes nothing in the directory. */
  async note(act: NewAct): Promise<Act> {
    const row = this.#row(act);
    await this.#db.insert(unsettled).values(row);
    return asAct(row);
  }

  #row({ did, kind, subject }: NewAct, at = this.#clock(), due = at + LEASE_MS): Row {
    return { id: crypto.randomUUID(), did, kind, subject: subject ?? null, at, due };
  }

  /** Takes up acts that are due, oldest first. Nobody else gets them during the lease. */
  async takeUp(limit: number): Promise<Act[]> {
    const now = this.#clock();
    const rows = await this.#db
      .update(unsettled)
      .set({ due: now + LEASE_MS })
      .where(
        sql`${unsettled.id} IN (SELECT id FROM unsettled WHERE due <= ${now} ORDER BY due LIMIT ${limit})`,
      )
      .returning();
    return rows.map(asAct);
  }

  /** Begins the lease again. False when the act is no longer noted. */
  async renew({ id }: Act): Promise<boolean> {
    const due = this.#clock() + LEASE_MS;
    const { meta } = await this.#db.update(unsettled).set({ due }).where(eq(unsettled.id, id));
    return meta.changes > 0;
  }

  /** Strikes an act out. */
  async end({ id }: Act): Promise<void> {
    await this.#db.delete(unsettled).where(eq(unsettled.id, id));
  }

  /**
   * Carries an act out: the stations follow what the directory says, until it still says so when the act is
   * struck out. `known` is what it said a moment ago. Rejects as the stations do; the act then stays noted.
   */
  async carryOut<State>(act: Act, known: State | null, course: Course<State>): Promise<void> {
    let state = known ?? (await course.read());
    for (let round = 0; round < ROUNDS; round++) {
      if (state === null) return this.end(act);
      await course.follow(state);
      if (await this.#endIf(act, course.holds(state))) return;
      state = await course.read();
    }
  }

  /** Strikes an act out if the condition holds. True if it is no longer noted. */
  async #endIf({ id }: Act, condition: SQL): Promise<boolean> {
    const [, left] = await this.#db.batch([
      this.#db.delete(unsettled).where(and(eq(unsettled.id, id), condition)),
      this.#db.select({ id: unsettled.id }).from(unsettled).where(eq(unsettled.id, id)),
    ]);
    return left.length === 0;
  }
}
