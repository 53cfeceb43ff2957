/** Builds what a method may use, from the bindings. What costs anything to make is made once an isolate. */
import type { Did } from "@atcute/lexicons";
import { AppViewReads } from "../appview/reads.ts";
import { DidResolver } from "../identity/did.ts";
import { Directory } from "../identity/directory.ts";
import { HandleResolver } from "../identity/handle.ts";
import { hostOf } from "../identity/host.ts";
import { mailerOf } from "../identity/mail.ts";
import { PlcClient } from "../identity/plc.ts";
import type { AccountStation } from "../protocol/account-station.ts";
import type { AppViewStation, Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";
import type { Services } from "../xrpc/services.ts";
import { Tokens } from "../xrpc/tokens.ts";

interface Waits {
  waitUntil(work: Promise<unknown>): void;
  /** The platform's own: what the worker's main module exports, as bindings. */
  exports?: unknown;
}

export function servicesOf(request: Request, env: Bindings<AccountStation>, waits: Waits): Services {
  const host = hostOf(request.url, env);
  const directory = new Directory(env);
  const dids = new DidResolver(env, directory);
  return {
    env,
    host,
    directory,
    dids,
    handles: new HandleResolver(env, directory, dids, host.handleDomains),
    plc: new PlcClient(env, directory),
    mailer: mailerOf(env),
    tokens: new Tokens(host.did, () => directory.secret("JWT_SECRET"), Date.now),
    appview: new AppViewReads(env, host),
    account: (did: Did) => env.ACCOUNT.getByName(did),
    sequencer: () => env.SEQUENCER.getByName(SEQUENCER_NAME),
    moderate: async (acts) => {
      if (env.APPVIEW !== "local") return;
      const { AppView } = (waits.exports ?? {}) as { AppView?: AppViewStation };
      await AppView?.moderate(acts);
    },
    defer: (work) => waits.waitUntil(work),
  };
}
