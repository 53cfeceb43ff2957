/**
 * The AppView as other stations reach it: `ctx.exports.AppView`, or a service binding if it is a Worker of
 * its own.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Did } from "@atcute/lexicons";
import type { SequencedEvent } from "../protocol/events.ts";
import { free } from "../protocol/memory.ts";
import { configure } from "../protocol/settings/configured.ts";
import { makeReady } from "../../schema/migrate.ts";
import { APPVIEW_MIGRATIONS } from "../../schema/migrations.ts";
import {
  type Allowance,
  type AppViewStation,
  type BackfillSource,
  type Bindings,
  type EventSource,
  type IndexWork,
  type IngestReport,
  type ModerationAct,
  STATEMENTS,
} from "../protocol/stations.ts";
import { countDatabase } from "./counted-database.ts";
import { mayHaveBacklog, resumeBacklog } from "./index/backlog.ts";
import { ingest, readCursor } from "./index/ingest.ts";
import { applyModeration } from "./index/moderation.ts";
import { asksHost, continueRebuild } from "./index/rebuild.ts";
import { meterDatabase } from "./metered-database.ts";

/** How long (ms) a call may go on with large repos; less than the platform gives what is not awaited. */
const SPELL_MS = 20_000;
/** The calls of `work` in that time. The schedule goes on each minute. */
const SPELL_CALLS = 10;

export class AppView extends WorkerEntrypoint<Bindings<BackfillSource>> implements AppViewStation {
  constructor(ctx: ExecutionContext, env: Bindings<BackfillSource>) {
    super(ctx, configure(env).bindings);
  }

  cursor(source: EventSource = "host"): Promise<number> {
    return readCursor(this.env.APPVIEW_DB, source);
  }

  async ingest(
    after: number,
    events: SequencedEvent[],
    stored = after,
    source: EventSource = "host",
  ): Promise<IngestReport> {
    // An object may be here before any request is, after a deploy.
    await makeReady(this.env.APPVIEW_DB, APPVIEW_MIGRATIONS);
    const counted = this.env.LOCAL ? countDatabase(this.env.APPVIEW_DB) : null;
    const context = {
      db: counted?.db ?? this.env.APPVIEW_DB,
      source,
      account: (did: string) => this.env.ACCOUNT.getByName(did),
      now: Date.now,
    };
    const place = await ingest(context, { passed: after, stored }, events);
    for (const { frame } of events) free(frame);
    // Not awaited: whoever sends the next events must not wait for a large repo.
    if (mayHaveBacklog()) this.ctx.waitUntil(this.#workOn());
    const report = { cursor: place.passed, stored: place.stored };
    if (counted === null) return report;
    const { written, read } = counted.cost;
    return { ...report, rows: { written, read } };
  }

  moderate(acts: ModerationAct[]): Promise<void> {
    return applyModeration(this.env.APPVIEW_DB, acts);
  }

  async work({ until, statements }: Allowance): Promise<IndexWork> {
    await makeReady(this.env.APPVIEW_DB, APPVIEW_MIGRATIONS);
    const { db, spent } = meterDatabase(this.env.APPVIEW_DB);
    const context = {
      db,
      host: null,
      account: (did: Did) => this.env.ACCOUNT.getByName(did),
      now: Date.now,
      isSpent: () => spent() >= statements,
    };
    if (await resumeBacklog(context, until)) return "more";
    const rebuild = await continueRebuild(context, until);
    if (rebuild === null || rebuild.phase === "done") return "none";
    return asksHost(rebuild.phase) ? "host" : "more";
  }

  /** Each call is an invocation, with what the platform allows one. */
  async #workOn(): Promise<void> {
    const { AppView } = this.ctx.exports as { AppView?: AppViewStation };
    const allowance = { until: Date.now() + SPELL_MS, statements: STATEMENTS[this.env.PLAN] };
    for (let calls = 0; calls < SPELL_CALLS && Date.now() < allowance.until; calls++) {
      if ((await AppView?.work(allowance)) !== "more") return;
    }
  }
}
