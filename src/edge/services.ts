/** Builds a method's services from the bindings, each on first use. */
import type { Did } from "@atcute/lexicons";
import { AppViewReads } from "../appview/reads/view-context.ts";
import { blockedWords } from "../appview/unwanted-names.ts";
import { DidResolver } from "../identity/did.ts";
import { Directory } from "../identity/directory.ts";
import { HandleResolver } from "../identity/handle.ts";
import { type Host, hostOf } from "../identity/host.ts";
import { mailerOf } from "../identity/mail/mailer.ts";
import { PlcClient } from "../identity/plc/client.ts";
import { hostSecret } from "../identity/secrets.ts";
import { Errands } from "../lifecycle/elsewhere/errands.ts";
import type { LookUpStation } from "../lifecycle/elsewhere/station.ts";
import { endSessions } from "../oauth/forget.ts";
import type { AccountStation } from "../protocol/account-station.ts";
import { ownLabelsOf } from "../protocol/settings/own-labels.ts";
import type { AppViewStation, Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";
import type { Services } from "../xrpc/server/services.ts";
import { Tokens } from "../xrpc/server/tokens.ts";

interface Waits {
  waitUntil(work: Promise<unknown>): void;
  /** The exports of the worker's main module as bindings, provided by the platform. */
  exports?: unknown;
}

/** Creates a value on first use: most requests need few of the services. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

/** Hosts whose name does not depend on the request, by their bindings. */
const named = new WeakMap<object, Host>();

function hostFor(request: Request, env: Bindings<AccountStation>): Host {
  const known = named.get(env);
  if (known !== undefined) return known;
  const host = hostOf(request.url, env);
  if (env.PUBLIC_URL) named.set(env, host);
  return host;
}

/** Null if the host uses an upstream, or the platform provides no exports. */
function errandsOf(
  member: Did,
  { origin, hostname, handleDomains }: Host,
  { APPVIEW, PLC_URL: plc, BLOCKED_HOSTS: blocked }: Bindings<AccountStation>,
  waits: Waits,
): Errands | null {
  const { LookUp = null } = (waits.exports ?? {}) as { LookUp?: LookUpStation };
  if (APPVIEW !== "local" || LookUp === null) return null;
  const errand = { member, host: { origin, hostname, handleDomains }, plc, blocked };
  return new Errands(LookUp, errand, (work) => waits.waitUntil(work));
}

export function servicesOf(request: Request, env: Bindings<AccountStation>, waits: Waits): Services {
  const host = hostFor(request, env);
  const directory = once(() => new Directory(env));
  const dids = once(() => new DidResolver(env, directory()));
  const handles = once(
    () => new HandleResolver(env, directory(), dids(), host.handleDomains, Date.now, host.hostname),
  );
  const plc = once(() => new PlcClient(env, directory()));
  const mailer = once(() => mailerOf(env));
  const tokens = once(
    () => new Tokens([host.did, ...host.formerDids], () => hostSecret(env, "JWT_SECRET"), Date.now),
  );
  const appview = once(
    () =>
      new AppViewReads(env, {
        ...host,
        name: env.HOST_NAME || host.hostname,
        labels: ownLabelsOf(env.OWN_LABELS),
        blockedWords: blockedWords(env.BLOCKED_WORDS),
      }),
  );
  const ownAppView = () => {
    const { AppView = null } = (waits.exports ?? {}) as { AppView?: AppViewStation };
    return env.APPVIEW === "local" ? AppView : null;
  };
  return {
    env,
    host,
    get directory() {
      return directory();
    },
    get dids() {
      return dids();
    },
    get handles() {
      return handles();
    },
    get plc() {
      return plc();
    },
    get mailer() {
      return mailer();
    },
    get tokens() {
      return tokens();
    },
    get appview() {
      return appview();
    },
    elsewhere: (member) => errandsOf(member, host, env, waits),
    account: (did: Did) => env.ACCOUNT.getByName(did),
    sequencer: () => env.SEQUENCER.getByName(SEQUENCER_NAME),
    endSessions: (did) => endSessions(env.DIRECTORY, did),
    ownAppView,
    moderate: async (acts) => ownAppView()?.moderate(acts),
    defer: (work) => waits.waitUntil(work),
  };
}
