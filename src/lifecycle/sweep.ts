/**
 * Deletes what has had its time: what expires within minutes every hour, all else every day. Each station
 * knows what of its own that is.
 */
import { Allowances } from "../identity/allowances.ts";
import { HostTasks } from "../identity/host-tasks.ts";
import { IdentityCache } from "../identity/identity-cache.ts";
import { MailLog } from "../identity/mail/log.ts";
import { MailCodes } from "../identity/mail/codes.ts";
import { ReservedKeys } from "../identity/reserved-keys.ts";
import { logLine } from "../protocol/log-line.ts";
import { JoinRequests } from "../moderation/join-requests.ts";
import { ModerationReports } from "../moderation/reports.ts";
import { oauthSweeps } from "../oauth/forget.ts";

const HOUR = 60 * 60 * 1000;

/** For the Worker's schedule: may be called as often as one likes. */
export async function sweep(database: D1Database, clock: () => number = Date.now): Promise<void> {
  const tasks = new HostTasks(database, clock);
  const { hourly, daily } = oauthSweeps(database, clock());
  if (await tasks.begin("sweep hourly", HOUR)) {
    await each([
      () => database.batch(hourly),
      () => new MailCodes(database, clock).sweep(),
      () => new JoinRequests(database, clock).sweep(),
    ]);
  }
  if (!(await tasks.begin("sweep daily", 24 * HOUR))) return;
  await each([
    () => database.batch(daily),
    () => new Allowances(database, clock).sweep(),
    () => new IdentityCache(database, clock).sweep(),
    () => new ReservedKeys(database, clock).sweep(),
    () => new ModerationReports(database, clock).sweep(),
    () => new MailLog(database, clock).sweep(),
  ]);
}

/** One that fails keeps no other waiting. */
async function each(works: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const work of works) {
    try {
      await work();
    } catch (error) {
      logLine("error", "sweep", { error });
    }
  }
}
