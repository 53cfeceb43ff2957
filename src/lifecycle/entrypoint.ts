/** Lifecycle's entry point for an account object's alarm (`ctx.exports.Lifecycle`): completes sagas. */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Did } from "@atcute/lexicons";
import { DidResolver } from "../identity/did.ts";
import { Directory } from "../identity/directory.ts";
import { HandleResolver } from "../identity/handle.ts";
import { PlcClient } from "../identity/plc/client.ts";
import type { AccountStation } from "../protocol/account-station.ts";
import { configure } from "../protocol/settings/list.ts";
import { makeReady } from "../../schema/migrate.ts";
import { DIRECTORY_MIGRATIONS } from "../../schema/migrations.ts";
import type { Bindings, LifecycleStation } from "../protocol/stations.ts";
import { resumeCreation } from "./create.ts";
import type { LifecycleServices } from "./services.ts";
import { resumeState } from "./states.ts";

export class Lifecycle extends WorkerEntrypoint<Bindings<AccountStation>> implements LifecycleStation {
  constructor(ctx: ExecutionContext, env: Bindings<AccountStation>) {
    super(ctx, configure(env).bindings);
  }

  async resume(did: Did): Promise<void> {
    // An alarm may be here before any request is, after a deploy.
    await makeReady(this.env.DIRECTORY, DIRECTORY_MIGRATIONS);
    const services = servicesFor(this.env);
    const saga = await services.account(did).saga();
    if (saga === null) return;
    if (!(await resumeState(services, did, saga))) await resumeCreation(services, did, saga.step);
  }
}

function servicesFor(env: Bindings<AccountStation>): LifecycleServices {
  const directory = new Directory(env);
  const dids = new DidResolver(env, directory);
  return {
    directory,
    dids,
    handles: new HandleResolver(env, directory, dids, []),
    plc: new PlcClient(env, directory),
    account: (did) => env.ACCOUNT.getByName(did),
  };
}
