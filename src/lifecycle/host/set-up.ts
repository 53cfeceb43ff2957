/**
 * The state of the host's set-up: in which browser it is under way, and which of its pages were left. Whoever
 * has the code opens it, in one browser at a time, until the host has an address and an owner. From then on
 * the owner's sign-in opens it, until it is finished.
 */
import type { Did } from "@atcute/lexicons";
import { drizzle } from "drizzle-orm/d1";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import { hostSetup, role } from "../../../schema/directory.ts";
import { digestOf, randomHex, sameSecret } from "../../oauth/digest.ts";
import { ModerationAudit } from "../../moderation/audit.ts";
import { ModerationRoles } from "../../moderation/roles.ts";
import { isUnset } from "../../identity/host.ts";
import type { Bindings } from "../../protocol/stations.ts";

/** How long (ms) a browser has to go on at the host's own address. */
const PASS_MS = 10 * 60_000;

const THE_ROW = eq(hostSetup.id, 1);
const UNDER_WAY = and(THE_ROW, isNull(hostSetup.finishedAt));

export interface SetUpState {
  /** The pages that were left, by name. */
  done: readonly string[];
  /** Whether the code was used, and set-up is not finished. */
  begun: boolean;
  finished: boolean;
  /** Whether a member has the role of the owner. */
  owned: boolean;
  /** Whether the code still opens it. */
  openByCode: boolean;
}

export class SetUp {
  readonly #db;
  readonly #env: Bindings;

  constructor(env: Bindings) {
    this.#db = drizzle(env.DIRECTORY);
    this.#env = env;
  }

  /**
   * The state, and whether `session` is the secret of the browser in which set-up is under way. One trip.
   * @param session null if the browser has none
   */
  async read(session: string | null): Promise<SetUpState & { isHere: boolean }> {
    const [rows, owners] = await this.#db.batch([
      this.#db.select().from(hostSetup).where(THE_ROW),
      this.#db.select({ did: role.did }).from(role).where(eq(role.role, "owner")).limit(1),
    ]);
    const row = rows[0] ?? null;
    const finished = row !== null && row.finishedAt !== null;
    const owned = owners.length > 0;
    const digest = row?.sessionDigest ?? null;
    const isHere = !finished && session !== null && digest !== null && sameSecret(digestOf(session), digest);
    return {
      done: row === null ? [] : (JSON.parse(row.done) as string[]),
      begun: row !== null && !finished,
      finished,
      owned,
      openByCode: this.#env.SETUP_CODE !== "" && (isUnset(this.#env) || (!finished && !owned)),
      isHere,
    };
  }

  /** Opens set-up in another browser, and closes it where it was. Returns the new browser's secret. */
  async open(): Promise<string> {
    const secret = randomHex(32);
    const fresh = { sessionDigest: digestOf(secret), passDigest: null, passUntil: null, finishedAt: null };
    await this.#db
      .insert(hostSetup)
      .values({ id: 1, done: "[]", ...fresh })
      .onConflictDoUpdate({ target: hostSetup.id, set: fresh });
    return secret;
  }

  /** Makes a pass, good once, by which the same person goes on at another address of the host. */
  async makePass(): Promise<string> {
    const pass = randomHex(32);
    await this.#db
      .update(hostSetup)
      .set({ passDigest: digestOf(pass), passUntil: Date.now() + PASS_MS })
      .where(UNDER_WAY);
    return pass;
  }

  /** Takes a pass. Returns the secret of the browser that brought it, or null if it is no good. */
  async takePass(pass: string): Promise<string | null> {
    const secret = randomHex(32);
    const { meta } = await this.#db
      .update(hostSetup)
      .set({ sessionDigest: digestOf(secret), passDigest: null, passUntil: null })
      .where(and(UNDER_WAY, eq(hostSetup.passDigest, digestOf(pass)), gt(hostSetup.passUntil, Date.now())));
    return meta.changes > 0 ? secret : null;
  }

  /** Notes that a page was left with what it asks for. */
  async leave(page: string): Promise<void> {
    const done = sql`CASE WHEN EXISTS (SELECT 1 FROM json_each(${hostSetup.done}) WHERE value = ${page})
      THEN ${hostSetup.done} ELSE json_insert(${hostSetup.done}, '$[#]', ${page}) END`;
    await this.#db.update(hostSetup).set({ done }).where(THE_ROW);
  }

  /** Ends it: the code and the browser's secret open nothing any more. */
  async finish(): Promise<void> {
    await this.#db
      .update(hostSetup)
      .set({ finishedAt: Date.now(), sessionDigest: null, passDigest: null, passUntil: null })
      .where(UNDER_WAY);
  }
}

/** The owner's role for an account, at set-up. */
export async function makeOwner({ DIRECTORY }: Pick<Bindings, "DIRECTORY">, did: Did): Promise<void> {
  const act = { actor: "setup", action: "grantRole", subject: did, detail: { role: "owner" } };
  await new ModerationAudit(DIRECTORY).around(act, () =>
    new ModerationRoles(DIRECTORY).grant(did, "owner", "setup"),
  );
}
