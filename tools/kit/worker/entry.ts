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
import { underRules } from "./platform/bindings.ts";
import { invoke, operationOf } from "./platform/invocation.ts";
import { add } from "./platform/totals.ts";
import { guardStorage, holdRuntimeToRules, invokeMethods, setOwnName } from "./platform/runtime.ts";

export * from "../../../src/worker.ts";
export { OutsideObject } from "../../dev/outside/worker.ts";
export { Bucket, BucketObject } from "./buckets.ts";
export { Database, DatabaseObject } from "./database.ts";
export { Control } from "./control.ts";

holdRuntimeToRules();
for (const [name, made] of Object.entries({
  AccountObject: host.AccountObject,
  SequencerObject: host.SequencerObject,
  FanOutObject: host.FanOutObject,
  LabelsObject: host.LabelsObject,
  NeighboursObject: host.NeighboursObject,
  AppView: host.AppView,
  LookUp: host.LookUp,
}))
  invokeMethods(made, name);

export default {
  ...worker,
  fetch(request: Request, env: Bindings<AccountStation>, context: ExecutionContext): Promise<Response> {
    setOwnName(env.PUBLIC_URL);
    add("requests");
    return inFlight(() =>
      invoke(operationOf(request), () => worker.fetch(request, underRules(env), context)),
    );
  },
};

type Given<Class extends abstract new (...given: never[]) => unknown> = ConstructorParameters<Class>;

export class AccountObject extends host.AccountObject {
  constructor(...[ctx, env]: Given<typeof host.AccountObject>) {
    super(followClock("AccountObject", guardStorage(ctx)), underRules(env));
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
    super(followClock("SequencerObject", guardStorage(ctx)), underRules(env));
  }
  async kitClockMoved(before: number): Promise<void> {
    await afterMove(this.ctx, before, () => this.alarm());
  }
}

export class FanOutObject extends host.FanOutObject {
  constructor(...[ctx, env]: Given<typeof host.FanOutObject>) {
    super(guardStorage(ctx), underRules(env));
  }
}

export class LabelsObject extends host.LabelsObject {
  constructor(...[ctx, env]: Given<typeof host.LabelsObject>) {
    super(guardStorage(ctx), underRules(env));
  }
}

export class NeighboursObject extends host.NeighboursObject {
  constructor(...[ctx, env]: Given<typeof host.NeighboursObject>) {
    super(followClock("NeighboursObject", guardStorage(ctx)), underRules(env));
  }
  async kitClockMoved(before: number): Promise<void> {
    await afterMove(this.ctx, before, () => this.alarm());
  }
  protected override limits() {
    return { ...super.limits(), idle: 150 };
  }
}

export class AppView extends host.AppView {
  constructor(...[ctx, env]: Given<typeof host.AppView>) {
    super(ctx, underRules(env));
  }
}

export class LookUp extends host.LookUp {
  constructor(...[ctx, env]: Given<typeof host.LookUp>) {
    super(ctx, underRules(env));
  }
}
