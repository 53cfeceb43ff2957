/** The state that the parts of an examination share: whom they ask, and how much they may. */
import type { Did } from "@atcute/lexicons";
import { meterDatabase } from "../../appview/metered-database.ts";
import type { AccountStation } from "../../protocol/account-station.ts";
import type { AppViewStation, Bindings, SequencerStation } from "../../protocol/stations.ts";
import { SEQUENCER_NAME } from "../../protocol/stations.ts";
import { type SettlingServices, settlingServices } from "../services.ts";
import type { Progress } from "./progress.ts";

/** The use after which a step begins nothing new, by plan: requests and statements together, and bytes of files. */
const ALLOWED = {
  free: { asked: 15, bytes: 8_000_000 },
  paid: { asked: 400, bytes: 200_000_000 },
} as const;

export interface Context {
  env: Bindings<AccountStation>;
  services: SettlingServices;
  /** Null: the index is another host's. */
  appview: AppViewStation | null;
  index: D1Database;
  progress: Progress;
  account(did: Did): AccountStation;
  sequencer(): SequencerStation;
  clock(): number;
  /** Notes that a file was read. */
  readFile(bytes: number): void;
  /** The largest file whose bytes are read on this plan; of others, the size alone. */
  largestFile: number;
  isSpent(): boolean;
  /** Adds what was used to the examination's cost. */
  settle(): void;
}

export function contextOf(
  given: Bindings<AccountStation>,
  appview: AppViewStation | null,
  progress: Progress,
  clock: () => number,
): Context {
  const directory = meterDatabase(given.DIRECTORY);
  const index = meterDatabase(given.APPVIEW_DB);
  const used = { calls: 0, files: 0, bytes: 0 };
  const env = { ...given, DIRECTORY: directory.db };
  const allowed = ALLOWED[env.PLAN];
  const counted = <T>(found: T): T => {
    used.calls++;
    return found;
  };
  const statements = () => directory.spent() + index.spent();
  return {
    env,
    services: settlingServices(env, appview, clock),
    appview: env.APPVIEW === "local" ? appview : null,
    index: index.db,
    progress,
    account: (did) => counted(given.ACCOUNT.getByName(did)),
    sequencer: () => counted(given.SEQUENCER.getByName(SEQUENCER_NAME)),
    clock,
    readFile(bytes) {
      used.files++;
      used.bytes += bytes;
    },
    largestFile: env.PLAN === "free" ? allowed.bytes : Infinity,
    isSpent: () => used.calls + used.files + statements() >= allowed.asked || used.bytes >= allowed.bytes,
    settle() {
      const { cost } = progress;
      cost.calls += used.calls;
      cost.files += used.files;
      cost.bytes += used.bytes;
      cost.statements += statements();
    },
  };
}
