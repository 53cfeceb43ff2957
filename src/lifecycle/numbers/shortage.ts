/**
 * Follows the day's use on the free plan, and says what is to be let go. The result stands in the settings' row,
 * which isolates read anyway: a request costs nothing more.
 */
import { HostTasks } from "../../identity/host-tasks.ts";
import { type MailBindings, type Mailer, mailerOf } from "../../identity/mail/mailer.ts";
import { logLine } from "../../protocol/log-line.ts";
import { type Shortage, STEPS, isLetGo, shortageInWords, shortageOf } from "../../protocol/plan/shortage.ts";
import { RESOURCES, priceOf } from "../../protocol/plan/prices.ts";
import type { Use } from "../../protocol/plan/bill.ts";
import type { KeptSettings } from "../../protocol/settings/list.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { SEQUENCER_NAME } from "../../protocol/stations.ts";
import { type Copy, NOW } from "../../../schema/kept-settings.ts";
import { ownersOf } from "../report-mail.ts";
import { type DayRow, type UsedSoFar, countedDay, newestDays, usedSoFar } from "./days.ts";
import { planUse } from "./month.ts";
import { RECKONED } from "./use.ts";

type FollowBindings = MailBindings &
  Parameters<typeof ownersOf>[0] &
  Pick<Bindings, "DIRECTORY" | "SEQUENCER" | "PLAN" | "FIXED" | "PUBLIC_URL" | "HOST_NAME">;

const MINUTE = 60_000;
/** How often it is looked: seldom while there is enough. Both are less what the schedule may be late. */
const EVERY_MS = { enough: 5 * MINUTE - 10_000, short: MINUTE - 10_000 };

/**
 * From this share on, of what is measured, the plan cannot be the free one: Cloudflare would have stopped the
 * host. Then nothing is let go.
 */
export const EVIDENTLY_PAID = 1.2;

/** Whether somebody said which plan it is. Of a host that was never asked, nothing is let go. */
const isSaid = (env: FollowBindings, kept: KeptSettings): boolean =>
  kept.PLAN !== undefined || (env.FIXED?.includes("PLAN") ?? true);

/** For the Worker's schedule: may be called as often as one likes. */
export async function followUse(
  env: FollowBindings,
  { kept, shortage: noted }: Pick<Copy, "kept" | "shortage">,
  clock: () => number = Date.now,
  mailer: Mailer = mailerOf(env),
): Promise<void> {
  const now = clock();
  const before = noted === null || noted.until <= now ? null : noted;
  if (env.PLAN !== "free" || !isSaid(env, kept)) {
    if (noted !== null) await settle(env, kept, null);
    return;
  }
  const every = before === null ? EVERY_MS.enough : EVERY_MS.short;
  if (!(await new HostTasks(env.DIRECTORY, clock).begin("follow use", every))) return;
  const shortage = await shortageNow(env, now);
  await settle(env, kept, shortage);
  if (shortage !== null && before === null) await tellOwners(env, mailer, shortage);
}

async function shortageNow(env: FollowBindings, now: number): Promise<Shortage | null> {
  const [[days, used], firehose] = await Promise.all([
    env.DIRECTORY.batch<DayRow & UsedSoFar>([newestDays(env.DIRECTORY, 1), usedSoFar(env.DIRECTORY)]),
    env.SEQUENCER.getByName(SEQUENCER_NAME).status(),
  ]);
  const { today } = planUse((days?.results ?? []).map(countedDay), {
    at: now,
    firehose,
    used: used?.results[0] ?? { requests: 0, rowsRead: 0, rowsWritten: 0 },
    sizes: null,
    archiveBytes: 0,
  });
  return isEvidentlyPaid(today) ? null : shortageOf(today, now);
}

/** Whether more is used of what is measured than the free plan gives. */
export const isEvidentlyPaid = (today: Use): boolean =>
  RESOURCES.some((resource) => {
    const { free } = priceOf(resource);
    return !RECKONED.has(resource) && free?.per === "day" && today[resource] > free.most * EVIDENTLY_PAID;
  });

/** Notes it for all isolates, and lets the sequencer know, which keeps a copy of the settings. */
async function settle(
  { DIRECTORY, SEQUENCER }: FollowBindings,
  kept: Copy["kept"],
  shortage: Shortage | null,
): Promise<void> {
  const until = shortage !== null && isLetGo(shortage, "index") ? shortage.until : 0;
  const note = shortage === null ? null : JSON.stringify(shortage);
  await Promise.all([
    DIRECTORY.prepare(
      `INSERT INTO host_settings (id, version, settings, shortage) SELECT 1, ${NOW}, '{}', ?1 WHERE true
        ON CONFLICT (id) DO UPDATE SET shortage = ?1 WHERE shortage IS NOT ?1`,
    )
      .bind(note)
      .run(),
    SEQUENCER.getByName(SEQUENCER_NAME).followPlan(kept, until),
  ]);
}

async function tellOwners(env: FollowBindings, mailer: Mailer, shortage: Shortage): Promise<void> {
  const host = env.HOST_NAME || (URL.parse(env.PUBLIC_URL)?.hostname ?? "your host");
  const steps = STEPS.map(({ from, words }) => `- From ${Math.round(from * 100)} % on: ${words}`);
  const mail = {
    kind: "plan" as const,
    subject: `${host} comes near a limit of Cloudflare's free plan`,
    text: `Hello,

${shortageInWords(shortage)}

${host} goes on, and lets go step by step of what can wait, until Cloudflare counts anew at midnight (UTC):

${steps.join("\n")}

Signing in, writing, and reading what members wrote go on. The paid plan has no such limits. What is used stands here:

    ${env.PUBLIC_URL}/admin/plan

You get this mail as an owner or the contact of that host, once a day at most.
`,
  };
  const addresses = await ownersOf(env);
  const outcomes = await Promise.all(addresses.map((to) => mailer.send({ ...mail, to })));
  if (!outcomes.includes("sent")) logLine("warn", "plan", { ...shortage, told: "nobody" });
}
