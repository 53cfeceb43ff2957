/** The services that lifecycle uses: the stations that an account's life spans. */
import type { Did } from "@atcute/lexicons";
import type { DidResolver } from "../identity/did.ts";
import type { Directory } from "../identity/directory.ts";
import type { HandleResolver } from "../identity/handle.ts";
import type { PlcClient } from "../identity/plc/client.ts";
import type { AccountStation } from "../protocol/account-station.ts";

export interface LifecycleServices {
  directory: Directory;
  dids: DidResolver;
  handles: HandleResolver;
  plc: PlcClient;
  account(did: Did): AccountStation;
}
