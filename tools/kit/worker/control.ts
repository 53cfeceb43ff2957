/**
 * The entrypoint of the second socket, next to the host's own. It serves the outside world (PLC directory,
 * mailbox) and, for requests with this run's secret, runs the kit's commands inside the runtime.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import unsafe from "workerd:unsafe";
import worker from "../../../src/worker.ts";
import type { AccountStation } from "../../../src/protocol/account-station.ts";
import type {
  Bindings,
  NeighboursStation,
  Objects,
  SequencerStation,
  SequencerStatus,
} from "../../../src/protocol/stations.ts";
import { NEIGHBOURS_NAME, SEQUENCER_NAME } from "../../../src/protocol/stations.ts";
import type { DatabaseName, Row } from "../../dev/control/messages.ts";
import { migrate } from "../../../schema/migrate.ts";
import { APPVIEW_MIGRATIONS, DIRECTORY_MIGRATIONS } from "../../../schema/migrations.ts";
import { withCors } from "../../dev/outside/answers.ts";
import { SECRET_HEADER, type KitAnswer, type KitRequest } from "../network/kit-request.ts";
import { alone, inFlight } from "./in-flight.ts";
import { forgetNames, namesOf } from "./moved-alarms.ts";
import { underRules } from "./platform/bindings.ts";
import { add, totals } from "./platform/totals.ts";
import { allFigures, invoke, takeBreaches } from "./platform/invocation.ts";
import { clockOffset, shiftClock } from "./shifted-date.ts";

/** The crons of `wrangler.toml`, the one for what can wait first. */
const CRONS = ["*/5 * * * *", "* * * * *"];

interface Kept {
  kitClockMoved(before: number): Promise<void>;
}

interface KeptAccount extends Kept {
  kitRing(): Promise<void>;
}

interface ControlBindings extends Bindings<AccountStation & KeptAccount> {
  KIT_SECRET: string;
  SEQUENCER: Objects<SequencerStation & Kept>;
  NEIGHBOURS_OBJECT: Objects<NeighboursStation & Kept>;
  OUTSIDE_OBJECT: Objects<{ fetch(request: Request): Promise<Response> }>;
}

/** Number of objects to call at once. */
const AT_ONCE = 16;

export class Control extends WorkerEntrypoint<ControlBindings> {
  override async fetch(request: Request): Promise<Response> {
    const secret = request.headers.get(SECRET_HEADER);
    if (secret !== null) return this.#kit(request, secret);
    if (request.method === "OPTIONS") return withCors(new Response(null, { status: 204 }));
    return withCors(await this.env.OUTSIDE_OBJECT.getByName("outside").fetch(request));
  }

  async #kit(request: Request, secret: string): Promise<Response> {
    if (secret !== this.env.KIT_SECRET) return new Response("not for you", { status: 401 });
    try {
      const rows = await this.#run(await request.json<KitRequest>());
      return Response.json({ rows } satisfies KitAnswer);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      return Response.json({ error } satisfies KitAnswer, { status: 500 });
    }
  }

  async #run(asked: KitRequest): Promise<Row[]> {
    if (asked.do === "migrate") await this.#migrate();
    else if (asked.do === "settle") await this.#settle(asked);
    else if (asked.do === "wipe") await alone(() => this.#wipe(asked.offset));
    else if (asked.do === "schedule") await inFlight(() => this.#runSchedule());
    else if (asked.do === "neighbours")
      return [{ ...(await this.env.NEIGHBOURS_OBJECT.getByName(NEIGHBOURS_NAME).round()) }];
    else if (asked.do === "clock") await this.#moveClock(asked.offset);
    else if (asked.do === "figures") return allFigures().map((figure) => ({ ...figure }));
    else if (asked.do === "totals") return [{ ...totals() }];
    else if (asked.do === "breaches") return takeBreaches().map((words) => ({ words }));
    else return this.#query(asked.database, asked.sql, asked.values);
    return [];
  }

  async #migrate(): Promise<void> {
    const { DIRECTORY, APPVIEW_DB } = this.env;
    await Promise.all([migrate(DIRECTORY, DIRECTORY_MIGRATIONS), migrate(APPVIEW_DB, APPVIEW_MIGRATIONS)]);
  }

  async #query(database: DatabaseName, sql: string, values: (string | number | null)[]): Promise<Row[]> {
    const { results } = await this.env[database]
      .prepare(sql)
      .bind(...values)
      .all<Row>();
    return results;
  }

  async #settle({ resend, timeoutMs }: { resend: boolean; timeoutMs: number }): Promise<void> {
    // After a crash, the accounts resend what was left unsent. Their alarms would do so some seconds later.
    if (resend) await this.#each(await this.#members(), (did) => this.env.ACCOUNT.getByName(did).kitRing());
    if (this.env.APPVIEW !== "local") return;
    const sequencer = this.env.SEQUENCER.getByName(SEQUENCER_NAME);
    // By the machine's clock, since the host's may be moved in the meantime.
    const until = performance.now() + timeoutMs;
    let status: SequencerStatus;
    for (status = await sequencer.status(); status.indexed < status.seq; status = await sequencer.status()) {
      if (performance.now() > until) {
        const behind = `${status.seq - status.indexed} events are not indexed after ${timeoutMs} ms`;
        throw new Error(status.ingestError === null ? behind : `${behind}: ${status.ingestError}`);
      }
      if (!(await sequencer.indexed(status.seq))) await scheduler.wait(5);
    }
  }

  async #wipe(offset: number): Promise<void> {
    // The secrets are put back below, since this isolate has them cached.
    const { results } = await this.env.DIRECTORY.prepare("SELECT * FROM secret").all<Row>();
    await unsafe.deleteAllDurableObjects();
    forgetNames();
    shiftClock(offset);
    await this.#migrate();
    const { DIRECTORY } = this.env;
    const put = results.map((row) => {
      const columns = Object.keys(row);
      const places = columns.map(() => "?").join(", ");
      const sql = `INSERT OR REPLACE INTO secret (${columns.join(", ")}) VALUES (${places})`;
      return DIRECTORY.prepare(sql).bind(...Object.values(row));
    });
    if (put.length > 0) await DIRECTORY.batch(put);
  }

  async #moveClock(offset: number): Promise<void> {
    const before = clockOffset();
    shiftClock(offset);
    const accounts = new Set([...namesOf("AccountObject"), ...(await this.#members())]);
    await this.env.SEQUENCER.getByName(SEQUENCER_NAME).kitClockMoved(before);
    await this.#each([...accounts], (did) => this.env.ACCOUNT.getByName(did).kitClockMoved(before));
    for (const name of namesOf("NeighboursObject"))
      await this.env.NEIGHBOURS_OBJECT.getByName(name).kitClockMoved(before);
    await this.#runSchedule();
  }

  /** All that is due at some minute: as on the platform, each cron is an invocation of its own. */
  async #runSchedule(): Promise<void> {
    add("requests");
    for (const cron of CRONS) {
      await invoke("schedule", () => worker.scheduled({ cron, once: true }, underRules(this.env), this.ctx));
    }
  }

  async #members(): Promise<string[]> {
    const rows = await this.#query("DIRECTORY", "SELECT did FROM account", []);
    return rows.map(({ did }) => String(did));
  }

  async #each(names: string[], work: (name: string) => Promise<void>): Promise<void> {
    const queue = names.values();
    const worker = async () => {
      for (const name of queue) await work(name);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }
}
