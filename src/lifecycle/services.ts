/** The services that lifecycle uses: the stations that an account's life spans. */
import type { Did } from "@atcute/lexicons";
import { DidResolver } from "../identity/did.ts";
import { Directory } from "../identity/directory.ts";
import type { HandleResolver } from "../identity/handle.ts";
import { PlcClient } from "../identity/plc/client.ts";
import { endSessions } from "../oauth/forget.ts";
import type { AccountStation } from "../protocol/account-station.ts";
import type { AppViewStation, Bindings, ModerationAct } from "../protocol/stations.ts";

/** The services that carrying an act out takes. */
export interface SettlingServices {
  env: Pick<Bindings<AccountStation>, "DIRECTORY" | "APPVIEW_DB" | "BLOBS" | "ACCOUNT" | "PLAN" | "LABELS">;
  directory: Directory;
  dids: DidResolver;
  plc: PlcClient;
  account(did: Did): AccountStation;
  /** Ends every app session of an account. */
  endSessions(did: Did): Promise<void>;
  /** Tells the host's own AppView. Does nothing if the host uses an upstream. */
  moderate(acts: ModerationAct[]): Promise<void>;
}

export interface LifecycleServices extends SettlingServices {
  handles: HandleResolver;
}

/** For the schedule, which serves no request. `appview`: null if the host uses an upstream. */
export function settlingServices(
  env: Bindings<AccountStation>,
  appview: AppViewStation | null,
  clock: () => number = Date.now,
): SettlingServices {
  const directory = new Directory(env, clock);
  return {
    env,
    directory,
    dids: new DidResolver(env, directory, clock),
    plc: new PlcClient(env, directory),
    account: (did) => env.ACCOUNT.getByName(did),
    endSessions: (did) => endSessions(env.DIRECTORY, did),
    moderate: async (acts) => appview?.moderate(acts),
  };
}
