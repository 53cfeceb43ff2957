/**
 * The services available to a method. `servicesOf` builds them once per request from the bindings. Stations
 * are reached through their interfaces; the directory and the AppView's reads run in the worker itself, over
 * D1.
 */
import type { Did } from "@atcute/lexicons";
import type { AccountStation } from "../../protocol/account-station.ts";
import type { AppViewStation, Bindings, ModerationAct, SequencerStation } from "../../protocol/stations.ts";
import type { Elsewhere } from "../../appview/reads/elsewhere.ts";
import type { AppViewReads } from "../../appview/reads/view-context.ts";
import type { DidResolver } from "../../identity/did.ts";
import type { Directory } from "../../identity/directory.ts";
import type { HandleResolver } from "../../identity/handle.ts";
import type { PlcClient } from "../../identity/plc/client.ts";
import type { Host } from "../../identity/host.ts";
import type { Mailer } from "../../identity/mail/mailer.ts";
import type { Tokens } from "./tokens.ts";

export interface Services {
  env: Bindings<AccountStation>;
  host: Host;
  directory: Directory;
  dids: DidResolver;
  handles: HandleResolver;
  plc: PlcClient;
  mailer: Mailer;
  tokens: Tokens;
  appview: AppViewReads;
  /** Looks up for a member what other hosts have; null if the host uses an upstream. */
  elsewhere(member: Did): Elsewhere | null;
  account(did: Did): AccountStation;
  sequencer(): SequencerStation;
  /** The host's own AppView; null if it uses an upstream. */
  ownAppView(): AppViewStation | null;
  endSessions(did: Did): Promise<void>;
  /** Reports moderation acts to the host's own AppView. Does nothing if the host uses an upstream. */
  moderate(acts: ModerationAct[]): Promise<void>;
  /** Runs work that may outlive the response. */
  defer(work: Promise<unknown>): void;
}
