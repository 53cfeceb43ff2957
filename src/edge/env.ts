/** The bindings of the routes of `edge/`. */
import type { AccountStation } from "../protocol/account-station.ts";
import type { Bindings } from "../protocol/stations.ts";

export type Env = { Bindings: Bindings<AccountStation> };
