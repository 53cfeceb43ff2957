/**
 * What a method may use: built once a request by `edge/services.ts`, from the bindings. Stations are reached through
 * their interfaces; the directory and the AppView's reads run in the worker itself, over D1.
 */
import type { Did } from "@atcute/lexicons";
import type { AccountStation } from "../protocol/account-station.ts";
import type { Bindings, SequencerStation } from "../protocol/stations.ts";
import type { AppViewReads } from "../appview/reads.ts";
import type { DidResolver } from "../identity/did.ts";
import type { Directory } from "../identity/directory.ts";
import type { HandleResolver } from "../identity/handle.ts";
import type { PlcClient } from "../identity/plc.ts";
import type { Mailer } from "../identity/mail.ts";
import type { Tokens } from "./tokens.ts";

/** What this host is called, from `PUBLIC_URL` and `HANDLE_DOMAINS`, or from the request where those are empty. */
export interface Host {
  /** `https://pds.example.com`, no trailing slash. */
  origin: string;
  hostname: string;
  /** `did:web:` of the host, its port written `%3A`. */
  did: Did;
  /** Each with its leading dot. */
  handleDomains: string[];
  local: boolean;
}

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
  account(did: Did): AccountStation;
  sequencer(): SequencerStation;
  /** Work that may outlive the response. */
  defer(work: Promise<unknown>): void;
}
