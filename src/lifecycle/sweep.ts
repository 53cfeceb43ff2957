/**
 * Deletes what has had its time: what expires within minutes every hour, all else every day. Each station
 * knows what of its own that is.
 */
import { Allowances } from "../identity/allowances.ts";
import { HostTasks } from "../identity/host-tasks.ts";
import { IdentityCache } from "../identity/identity-cache.ts";
import { MailCodes } from "../identity/mail/codes.ts";
import { ReservedKeys } from "../identity/reserved-keys.ts";
import { ModerationReports } from "../moderation/reports.ts";
import { oauthSweeps } from "../oauth/forget.ts";

const HOUR = 60 * 60 * 1000;

/** For the Worker's schedule: may be called as often as one likes. */
export async function sweep(database: D1Database, clock: () => number = Date.now): Promise<void> {
  const tasks = new HostTasks(database, clock);
  const { hourly, daily } = oauthSweeps(database, clock());
  if (await tasks.begin("sweep hourly", HOUR)) {
    await database.batch(hourly);
    await new MailCodes(database, clock).sweep();
  }
  if (!(await tasks.begin("sweep daily", 24 * HOUR))) return;
  await database.batch(daily);
  await new Allowances(database, clock).sweep();
  await new IdentityCache(database, clock).sweep();
  await new ReservedKeys(database, clock).sweep();
  await new ModerationReports(database, clock).sweep();
}
