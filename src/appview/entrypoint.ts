/**
 * The AppView as other stations reach it: `ctx.exports.AppView`, or a service binding if it is a Worker of
 * its own.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { SequencedEvent } from "../protocol/events.ts";
import { free } from "../protocol/memory.ts";
import { configure } from "../protocol/settings/list.ts";
import { makeReady } from "../../schema/migrate.ts";
import { APPVIEW_MIGRATIONS } from "../../schema/migrations.ts";
import type {
  AppViewStation,
  BackfillSource,
  Bindings,
  IngestReport,
  ModerationAct,
} from "../protocol/stations.ts";
import { countDatabase } from "./counted-database.ts";
import { workOffBacklog } from "./index/backlog.ts";
import { ingest, readCursor } from "./index/ingest.ts";
import { applyModeration } from "./index/moderation.ts";

/** How long (ms) a call may go on with a large repo; less than the platform gives what is not awaited. */
const SPELL_MS = 20_000;

export class AppView extends WorkerEntrypoint<Bindings<BackfillSource>> implements AppViewStation {
  constructor(ctx: ExecutionContext, env: Bindings<BackfillSource>) {
    super(ctx, configure(env).bindings);
  }

  cursor(): Promise<number> {
    return readCursor(this.env.APPVIEW_DB);
  }

  async ingest(after: number, events: SequencedEvent[], stored = after): Promise<IngestReport> {
    // An object may be here before any request is, after a deploy.
    await makeReady(this.env.APPVIEW_DB, APPVIEW_MIGRATIONS);
    const counted = this.env.LOCAL ? countDatabase(this.env.APPVIEW_DB) : null;
    const context = {
      db: counted?.db ?? this.env.APPVIEW_DB,
      account: (did: string) => this.env.ACCOUNT.getByName(did),
      now: Date.now,
    };
    const place = await ingest(context, { passed: after, stored }, events);
    for (const { frame } of events) free(frame);
    // Not awaited: whoever sends the next events must not wait for a large repo.
    this.ctx.waitUntil(workOffBacklog({ ...context, db: this.env.APPVIEW_DB }, Date.now() + SPELL_MS));
    const report = { cursor: place.passed, stored: place.stored };
    if (counted === null) return report;
    const { written, read } = counted.cost;
    return { ...report, rows: { written, read } };
  }

  moderate(acts: ModerationAct[]): Promise<void> {
    return applyModeration(this.env.APPVIEW_DB, acts);
  }
}
