/**
 * The sizes of all accounts: repos and files, in bytes. Each account is asked once a day, a few at a time,
 * so that a turn is small and one that dies costs nothing but itself.
 */
import type { Did } from "@atcute/lexicons";
import { HostTasks } from "../../identity/host-tasks.ts";
import type { AccountSizes, AccountStation } from "../../protocol/account-station.ts";
import type { Bindings } from "../../protocol/stations.ts";

/** Accounts asked in a turn, each minute, by Cloudflare's plan: 4,320 of them in a day, and 10,080. */
const AT_ONCE: Record<Bindings["PLAN"], number> = { free: 3, paid: 7 };
/** The schedule's shortest interval, less what it may be late. */
const EVERY_MS = 50_000;

type SizeBindings = Pick<Bindings<AccountStation>, "DIRECTORY" | "ACCOUNT" | "PLAN">;

interface LookRow extends AccountSizes {
  day: string;
  after: string | null;
}

/** The result of the last finished look. */
export type FoundSizes = Required<AccountSizes> & { day: string };

const NOTHING: AccountSizes = { repoBytes: 0, heldBytes: 0, files: 0, fileBytes: 0 };

/** Goes on with today's look. For the Worker's schedule: may be called as often as one likes. */
export async function measureSizes(env: SizeBindings, clock: () => number = Date.now): Promise<void> {
  const today = new Date(clock()).toISOString().slice(0, 10);
  const stored = await env.DIRECTORY.prepare(
    `SELECT day, after, repo_bytes AS repoBytes, held_bytes AS heldBytes, files, file_bytes AS fileBytes
      FROM size_look WHERE id = 1`,
  ).first<LookRow>();
  const row = stored?.day === today ? stored : { day: today, after: "", ...NOTHING };
  if (row.after === null) return;
  const most = AT_ONCE[env.PLAN];
  if (!(await new HostTasks(env.DIRECTORY, clock).begin("measure sizes", EVERY_MS))) return;
  const { results } = await env.DIRECTORY.prepare(
    `SELECT did FROM account WHERE did > ?1 AND state IN ('active', 'deactivated') ORDER BY did LIMIT ?2`,
  )
    .bind(row.after, most)
    .all<{ did: Did }>();
  const sizes = await Promise.all(results.map(({ did }) => sizesOf(env, did)));
  const sum = [row, ...sizes].reduce<AccountSizes>(added, NOTHING);
  await note(env.DIRECTORY, {
    ...sum,
    day: today,
    after: results.length < most ? null : (results.at(-1)?.did ?? null),
  });
}

const added = (a: AccountSizes, b: AccountSizes): AccountSizes => ({
  repoBytes: a.repoBytes + b.repoBytes,
  heldBytes: (a.heldBytes ?? 0) + (b.heldBytes ?? 0),
  files: a.files + b.files,
  fileBytes: a.fileBytes + b.fileBytes,
});

/** An account that cannot be read holds up no other, and counts as nothing. */
const sizesOf = ({ ACCOUNT }: SizeBindings, did: Did): Promise<AccountSizes> =>
  ACCOUNT.getByName(did)
    .sizes()
    .catch(() => NOTHING);

async function note(database: D1Database, { day, after, repoBytes, heldBytes, files, fileBytes }: LookRow) {
  await database
    .prepare(
      `INSERT INTO size_look (id, day, after, repo_bytes, files, file_bytes, held_bytes,
          done_day, done_repo_bytes, done_files, done_file_bytes, done_held_bytes)
        SELECT 1, ?1, ?2, ?3, ?4, ?5, ?6, iif(?2 IS NULL, ?1, NULL), ?3, ?4, ?5, ?6 WHERE true
        ON CONFLICT (id) DO UPDATE SET day = ?1, after = ?2, repo_bytes = ?3, files = ?4, file_bytes = ?5,
          held_bytes = ?6,
          done_day = coalesce(excluded.done_day, done_day),
          done_repo_bytes = iif(?2 IS NULL, ?3, done_repo_bytes),
          done_files = iif(?2 IS NULL, ?4, done_files),
          done_file_bytes = iif(?2 IS NULL, ?5, done_file_bytes),
          done_held_bytes = iif(?2 IS NULL, ?6, done_held_bytes)`,
    )
    .bind(day, after, repoBytes, files, fileBytes, heldBytes ?? 0)
    .run();
}

/** The statement for what the last finished look found; no row before the first. */
export const foundSizes = (database: D1Database): D1PreparedStatement =>
  database.prepare(
    `SELECT done_day AS day, done_repo_bytes AS repoBytes, done_files AS files, done_file_bytes AS fileBytes,
        coalesce(done_held_bytes, 0) AS heldBytes
      FROM size_look WHERE done_day IS NOT NULL`,
  );
