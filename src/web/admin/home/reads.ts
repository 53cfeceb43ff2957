/** The home page's reads of the directory, in one trip. */
import { type FileMove, moveQuery } from "../../../lifecycle/files/move.ts";
import { type ListedRow, listedMember, membersPage } from "../../../identity/member-list.ts";
import type { Member } from "../../../identity/member.ts";
import {
  type CountedDay,
  type DayRow,
  type UsedSoFar,
  countedDay,
  newestDays,
  usedSoFar,
} from "../../../lifecycle/numbers/days.ts";
import type { Present } from "../../../lifecycle/numbers/month.ts";
import { type FoundSizes, foundSizes } from "../../../lifecycle/numbers/sizes.ts";
import { type RelayFinding, findings } from "../../../lifecycle/relay-look.ts";
import { must } from "../../../protocol/refusal.ts";
import { read, trip } from "../trip.ts";

export interface HomeNews {
  /** When the reader looked last (ISO 8601); null: never before. */
  since: string | null;
  /** Newcomers since then, `COUNT_MAX` at most, and the newest of all. */
  members: number;
  newest: Member[];
  /** Open reports, and those of them since then; `COUNT_MAX` at most. */
  reports: { open: number; recent: number; escalated: number };
  /** Requests to join that wait; `COUNT_MAX` at most. */
  requests: number;
  /** Acts that not all stations followed for minutes; a change of the host's address may take hours. */
  stuck: number;
  /** Whether set-up was begun and not ended. */
  isSettingUp: boolean;
  /** Mail that could not be sent within the last hour. */
  unsent: number;
  /** Relays that did not accept when they were last asked. */
  relays: { origin: string; outcome: string }[];
  /** The members that each relay knew at the last look. */
  findings: RelayFinding[];
  numbers: ReadNumbers;
}

/** Of what the host uses, all that the directory knows. */
export interface ReadNumbers extends Pick<Present, "used" | "sizes" | "archiveBytes"> {
  /** Those of the last month, the oldest first. */
  days: CountedDay[];
}

/** Counts stop here: nobody needs to know more at a glance. */
export const COUNT_MAX = 500;
/** A look this long after the one before it is a new visit. */
const VISIT_MS = 30 * 60_000;
const STUCK_MS = 5 * 60_000;
const HOUR = 60 * 60_000;
const NEWEST = 5;

interface Counts {
  since: string | null;
  members: number;
  open: number;
  recent: number;
  escalated: number;
  requests: number;
  stuck: number;
  settingUp: number;
  unsent: number;
}

/** ?1 the reader, ?2 an hour ago (ISO 8601), ?3 some minutes ago (ms). */
const COUNTS = `
  WITH look AS (SELECT seen_before AS since FROM role WHERE did = ?1)
  SELECT look.since,
    (SELECT count(*) FROM (SELECT 1 FROM account WHERE created_at > coalesce(look.since, '')
      AND state NOT IN ('reserved', 'deleted') LIMIT ${COUNT_MAX})) AS members,
    (SELECT count(*) FROM (SELECT 1 FROM report WHERE state = 'open' LIMIT ${COUNT_MAX})) AS open,
    (SELECT count(*) FROM (SELECT 1 FROM report WHERE state = 'open' AND created_at > coalesce(look.since, '')
      LIMIT ${COUNT_MAX})) AS recent,
    (SELECT count(*) FROM (SELECT 1 FROM report WHERE state = 'open' AND escalated_by IS NOT NULL
      LIMIT ${COUNT_MAX})) AS escalated,
    (SELECT count(*) FROM (SELECT 1 FROM join_request WHERE state = 'waiting' LIMIT ${COUNT_MAX})) AS requests,
    (SELECT count(*) FROM (SELECT 1 FROM unsettled WHERE at < ?3 AND kind <> 'rehome' LIMIT ${COUNT_MAX})) AS stuck,
    (SELECT count(*) FROM host_setup WHERE finished_at IS NULL) AS settingUp,
    (SELECT count(*) FROM (SELECT 1 FROM unsent_mail WHERE at > ?2 LIMIT ${COUNT_MAX})) AS unsent
  FROM look`;

/** A month and a day, so that what came on each of its days is known. */
const DAYS = 32;

const numberReads = (database: D1Database) => ({
  days: read<DayRow>(newestDays(database, DAYS)),
  used: read<UsedSoFar>(usedSoFar(database)),
  sizes: read<FoundSizes>(foundSizes(database)),
  archives: read<{ bytes: number }>(
    database.prepare("SELECT coalesce(sum(bytes + file_bytes), 0) AS bytes FROM archive"),
  ),
});

interface NumberRows {
  days: DayRow[];
  used: UsedSoFar[];
  sizes: FoundSizes[];
  archives: { bytes: number }[];
}

const numbersOf = ({ days, used, sizes, archives }: NumberRows): ReadNumbers => ({
  days: days.toReversed().map(countedDay),
  used: used[0] ?? { requests: 0, rowsRead: 0, rowsWritten: 0 },
  sizes: sizes[0] ?? null,
  archiveBytes: archives[0]?.bytes ?? 0,
});

/** For the page of the plan. `move`: null if no files were ever moved. */
export async function readPlan(
  database: D1Database,
): Promise<{ numbers: ReadNumbers; move: FileMove | null }> {
  const move = read<FileMove>(moveQuery(database));
  const found = await trip(database, { ...numberReads(database), move });
  return { numbers: numbersOf(found), move: found.move[0] ?? null };
}

/**
 * Notes the visit as well.
 * @param relays those of the settings
 */
export async function readNews(
  database: D1Database,
  did: string,
  relays: readonly string[],
  now = Date.now(),
): Promise<HomeNews> {
  const at = (ms: number) => new Date(ms).toISOString();
  const seen = database.prepare(
    `UPDATE role SET seen_before = coalesce(seen_at, seen_before), seen_at = ?2
      WHERE did = ?1 AND coalesce(seen_at, '') < ?3`,
  );
  const counts = database.prepare(COUNTS);
  const refusing = database.prepare("SELECT origin, outcome FROM relay WHERE outcome <> 'asked' LIMIT ?1");
  const found = await trip(database, {
    seen: read(seen.bind(did, at(now), at(now - VISIT_MS))),
    counts: read<Counts>(counts.bind(did, at(now - HOUR), now - STUCK_MS)),
    newest: read<ListedRow>(membersPage(database, { filter: "all", cursor: null, limit: NEWEST })),
    findings: read<RelayFinding>(findings(database)),
    relays: read<HomeNews["relays"][number]>(refusing.bind(NEWEST)),
    ...numberReads(database),
  });
  const { since, members, open, recent, escalated, requests, stuck, settingUp, unsent } = must(
    found.counts[0],
    "the reader's role",
  );
  return {
    since,
    members,
    newest: found.newest.map(listedMember),
    reports: { open, recent, escalated },
    requests,
    stuck,
    isSettingUp: settingUp > 0,
    unsent,
    relays: found.relays.filter(({ origin }) => relays.includes(origin)),
    findings: found.findings.filter(({ origin }) => relays.includes(origin)),
    numbers: numbersOf(found),
  };
}
