/**
 * The host's Worker as the test kit runs it: everything that a deploy runs, with a movable clock, the outside
 * world and the kit's own entrypoint. All of it shares one isolate, so that a network starts fast and stays
 * small.
 */
import worker, * as host from "../../../src/worker.ts";
import type { Bindings } from "../../../src/protocol/stations.ts";
import type { AccountStation } from "../../../src/protocol/account-station.ts";
import { inFlight } from "./in-flight.ts";
import { afterMove, followClock } from "./moved-alarms.ts";

export * from "../../../src/worker.ts";
export { OutsideObject } from "../../dev/outside/worker.ts";
export { Bucket, BucketObject } from "./buckets.ts";
export { Database, DatabaseObject } from "./database.ts";
export { Control } from "./control.ts";

export default {
  ...worker,
  fetch(request: Request, env: Bindings<AccountStation>, context: ExecutionContext): Promise<Response> {
    return inFlight(() => worker.fetch(request, env, context));
  },
};

type Given<Class extends abstract new (...given: never[]) => unknown> = ConstructorParameters<Class>;

export class AccountObject extends host.AccountObject {
  constructor(...[ctx, env]: Given<typeof host.AccountObject>) {
    super(followClock("AccountObject", ctx), env);
  }
  async kitClockMoved(before: number): Promise<void> {
    await afterMove(this.ctx, before, () => this.alarm());
  }
  /** Runs the alarm now. */
  async kitRing(): Promise<void> {
    await this.alarm();
  }
}

export class SequencerObject extends host.SequencerObject {
  constructor(...[ctx, env]: Given<typeof host.SequencerObject>) {
    super(followClock("SequencerObject", ctx), env);
  }
  async kitClockMoved(before: number): Promise<void> {
    await afterMove(this.ctx, before, () => this.alarm());
  }
}
