/** Wiring only: the handlers, and the classes that the platform instantiates. */
export { AccountObject } from "./account/object.ts";
export { AppView } from "./appview/entrypoint.ts";
export { LookUp } from "./lifecycle/elsewhere/station.ts";
export { NeighboursObject } from "./lifecycle/neighbours/object.ts";
export { LabelsObject } from "./moderation/labels-object.ts";
export { FanOutObject } from "./sequencer/fan-out/object.ts";
export { SequencerObject } from "./sequencer/object.ts";
import { sendAnnouncements } from "./lifecycle/announcements/send.ts";
import { type Chore, takeTurns } from "./lifecycle/host/turns.ts";
import { serve } from "./edge/app.ts";
import { resumeIndex } from "./lifecycle/rebuild.ts";
import { followUse } from "./lifecycle/numbers/shortage.ts";
import { countDay } from "./lifecycle/numbers/days.ts";
import { sweepArchives } from "./lifecycle/archives/archives.ts";
import { sweepElsewhere } from "./lifecycle/elsewhere/sweep.ts";
import { measureSizes } from "./lifecycle/numbers/sizes.ts";
import { wakeNeighbours } from "./lifecycle/neighbours/wake.ts";
import { lookAtRelays } from "./lifecycle/relay-look.ts";
import { tellRelays } from "./lifecycle/relays.ts";
import { checkHandles } from "./lifecycle/handle-check.ts";
import { tellModerators } from "./lifecycle/report-mail.ts";
import { settleMinute, settleOnce } from "./lifecycle/settle.ts";
import { sweep } from "./lifecycle/sweep.ts";
import { isDue, measure } from "./edge/meter.ts";
import { misconfigured } from "./edge/stopped/misconfigured.ts";
import { nearGuests } from "./edge/replicas.ts";
import { readyDatabases, unready } from "./edge/stopped/unready.ts";
import { keptSettings, readCopy, readKept, shortageNow } from "../schema/kept-settings.ts";
import type { AccountStation } from "./protocol/account-station.ts";
import { must } from "./protocol/refusal.ts";
import { configure } from "./protocol/settings/configured.ts";
import { isLetGo } from "./protocol/plan/shortage.ts";
import { type AppViewStation, type Bindings, SEQUENCER_NAME } from "./protocol/stations.ts";

/** The cron that settles acts. The other one, every five minutes, is for what can wait. */
const EVERY_MINUTE = "* * * * *";

/** `once`: settles at once, and does not go on for a minute; a test moves the clock. */
interface Schedule {
  cron: string;
  once?: boolean;
}

/** Whether a page is of settings: then they are those of now, even if another isolate changed them. */
const isOfSettings = ({ url }: Request): boolean =>
  /^https?:\/\/[^/]+\/(setup|admin\/(settings|labels|names|mail|address|plan))\b/.test(url);

/** Mails to all, backups, examinations, moves of files; all but the first are loaded where they are made. */
const longChores = (env: Bindings<AccountStation>, appview: AppViewStation | null): Chore[] => [
  () => sendAnnouncements(env),
  async () => env.BACKUP_KEY !== "" && (await import("./lifecycle/backup/run.ts")).backUp(env),
  async () => (await import("./lifecycle/doctor/run.ts")).examine(env, appview),
  async () => env.BLOBS !== undefined && (await import("./lifecycle/files/move.ts")).moveFiles(env),
];

export default {
  async fetch(request: Request, env: Bindings<AccountStation>, context: ExecutionContext): Promise<Response> {
    const { faults } = configure(env);
    if (faults.length > 0) return misconfigured(request, faults);
    const refused = await unready(request, env);
    if (refused !== null) return refused;
    const spare = () => env.SEQUENCER.getByName(SEQUENCER_NAME).keptSettings();
    const kept = isOfSettings(request)
      ? await readKept(env)
      : await keptSettings(env, (work) => context.waitUntil(work), spare);
    const { bindings } = configure(env, kept);
    const SHORT = shortageNow(env);
    const near = nearGuests(SHORT === null ? bindings : { ...bindings, SHORT }, request);
    const answer = (measured: typeof near) => serve(request, measured, context);
    return isDue() ? measure(near, (work) => context.waitUntil(work), answer) : answer(near);
  },
  async scheduled(
    event: Schedule,
    given: Bindings<AccountStation>,
    context: { exports?: unknown },
  ): Promise<void> {
    const { faults } = configure(given);
    if (faults.length > 0) throw new Error(faults.join(" "));
    await readyDatabases(given);
    const copy = await readCopy(given);
    const { bindings: env } = configure(given, copy.kept);
    const isShort = isLetGo(shortageNow(given), "chores");
    const { AppView = null } = (context.exports ?? {}) as { AppView?: AppViewStation };
    const index = () => (env.APPVIEW === "local" ? resumeIndex(env, must(AppView, "AppView")) : null);
    const eachMinute = () => [
      followUse(env, copy),
      ...(isShort
        ? []
        : [index(), lookAtRelays(env), measureSizes(env), takeTurns(longChores(env, AppView), Date.now())]),
    ];
    if (event.cron === EVERY_MINUTE) {
      const settle = event.once === true ? settleOnce : settleMinute;
      await Promise.all([settle(env, AppView), ...eachMinute()]);
      return;
    }
    await Promise.all([
      tellRelays(env),
      wakeNeighbours(env),
      sweep(env.DIRECTORY),
      tellModerators(env),
      ...(isShort ? [] : [sweepArchives(env), sweepElsewhere(env), checkHandles(env)]),
      countDay(env),
    ]);
  },
};
