/** Step `identity`: points the DID to the new host and its key. Restoring a file cannot undo it. */
import type { PlcOperation, PlcService, PlcState } from "../../src/identity/plc/operation.ts";
import { xrpc } from "../dev/xrpc-client.ts";
import { pause, refused, type HostClient } from "./host-client.ts";
import { withCode } from "./mailed-code.ts";
import { MoveStopped, type Asker, type Moving } from "./move.ts";

/** Output of com.atproto.identity.getRecommendedDidCredentials. */
export interface Credentials {
  rotationKeys?: string[];
  alsoKnownAs?: string[];
  verificationMethods?: Record<string, string>;
  services?: Record<string, PlcService>;
}

/** The directory's current state of a DID. */
export async function plcState(plc: string, did: string): Promise<PlcState> {
  const response = await fetch(`${plc}/${did}/data`, { signal: AbortSignal.timeout(20_000) });
  if (!response.ok) throw new MoveStopped(`${plc} answered ${response.status} about ${did}.`);
  return (await response.json()) as PlcState;
}

export const credentialsOf = (host: HostClient): Promise<Credentials> =>
  host.json<Credentials>("com.atproto.identity.getRecommendedDidCredentials");

/**
 * The DID's next state. The new host's recommendations replace what the old host had put there, and only
 * that. Keys that the member holds keep their rank above the hosts'; other services, keys and names stay.
 */
export function mergeCredentials(
  before: PlcState,
  oldHost: Credentials,
  newHost: Credentials,
  ownKey?: string,
): PlcState {
  const leaving = new Set(oldHost.rotationKeys);
  const kept = before.rotationKeys.filter((key) => !leaving.has(key));
  const [, ...otherNames] = before.alsoKnownAs;
  const names = [...(newHost.alsoKnownAs ?? before.alsoKnownAs), ...otherNames];
  const keys = [...(ownKey === undefined ? [] : [ownKey]), ...kept, ...(newHost.rotationKeys ?? [])];
  return {
    rotationKeys: [...new Set(keys)],
    alsoKnownAs: [...new Set(names)],
    verificationMethods: { ...before.verificationMethods, ...newHost.verificationMethods },
    services: { ...before.services, ...newHost.services },
  };
}

/** Whether a DID's state names the host and its key. */
export function pointsAt(state: PlcState, host: Credentials): boolean {
  return (
    state.services.atproto_pds?.endpoint === host.services?.["atproto_pds"]?.endpoint &&
    state.verificationMethods.atproto === host.verificationMethods?.["atproto"]
  );
}

interface Change {
  did: string;
  plc: string;
  /** Signs the operation: its rotation key is in the DID, and it is logged in. */
  signer: HostClient;
  /** Submits the operation, after its own checks. */
  target: HostClient;
  next: PlcState;
  email: string;
  ask: Asker;
  /** Stores a signed operation before it is submitted; undefined forgets it. */
  keep(operation: PlcOperation | undefined): void;
  kept: PlcOperation | undefined;
}

/** Has the operation signed and submits it; safe to repeat after an interruption. */
export async function changePlc(change: Change): Promise<void> {
  const { did, plc, target } = change;
  const arrived = async () => pointsAt(await plcState(plc, did), await credentialsOf(target));
  if (await arrived()) return;
  let operation = change.kept;
  for (let attempt = 0; ; attempt++) {
    operation ??= await sign(change);
    change.keep(operation);
    try {
      await target.json("com.atproto.identity.submitPlcOperation", { input: { operation }, once: true });
      return;
    } catch (thrown) {
      // The answer was lost, or the operation is from an earlier run: the directory knows better.
      if (await arrived()) return;
      const stale = attempt === 0 && operation === change.kept && refused(thrown);
      const unanswered = attempt < 5 && !(refused(thrown) && thrown.status < 500);
      if (!stale && !unanswered) throw thrown;
      if (stale) change.keep((operation = undefined));
      else await pause(1_000 * 2 ** attempt);
    }
  }
}

async function sign({ signer, next, email, ask }: Change): Promise<PlcOperation> {
  return withCode(
    ask,
    { purpose: "identity", host: signer.origin, email },
    () => signer.json("com.atproto.identity.requestPlcOperationSignature", { procedure: true }),
    async (token) => {
      const input = { token, ...next };
      const nsid = "com.atproto.identity.signPlcOperation";
      return (await signer.json<{ operation: PlcOperation }>(nsid, { input })).operation;
    },
  );
}

/** Runs step `identity`. */
export async function moveIdentity(moving: Moving): Promise<string> {
  const { move, old, ask } = moving;
  const { did, plc } = move.state;
  if (!did.startsWith("did:plc:")) return moveWebIdentity(moving);
  const before = await plcState(plc, did);
  if (move.state.identityBefore === undefined) {
    move.state.identityBefore = before;
    move.save();
  }
  const [leaving, coming] = [await credentialsOf(old), await credentialsOf(moving.new)];
  await changePlc({
    did,
    plc,
    signer: old,
    target: moving.new,
    next: mergeCredentials(before, leaving, coming, move.state.rotationKey),
    email: old.session?.email ?? "your address",
    ask,
    kept: move.state.operation,
    keep(operation) {
      if (operation === undefined) delete move.state.operation;
      else move.state.operation = operation;
      move.save();
    },
  });
  return `${did} names ${moving.new.origin}`;
}

interface WebDocument {
  id: string;
  alsoKnownAs?: string[];
  verificationMethod?: { id: string; type: string; controller: string; publicKeyMultibase?: string }[];
  service?: { id: string; type: string; serviceEndpoint: string }[];
}

/** A did:web is a file of the member's own: shows them the new document, and asks them to publish it. */
async function moveWebIdentity({ move, ask, ...moving }: Moving): Promise<string> {
  const { did } = move.state;
  const coming = await credentialsOf(moving.new);
  const valid = async () =>
    (await moving.new.json<{ validDid: boolean }>("com.atproto.server.checkAccountStatus")).validDid;
  for (let attempt = 0; !(await valid()); attempt++) {
    if (attempt === 5) throw new MoveStopped(`${did} does not name ${moving.new.origin} yet.`);
    const before = await resolveWeb(moving.new.origin, did);
    move.state.identityBefore ??= before;
    move.save();
    await ask.publish(webDocument(did, before, coming));
  }
  return `${did} names ${moving.new.origin}`;
}

async function resolveWeb(origin: string, did: string): Promise<WebDocument> {
  const input = { identifier: did };
  const { didDoc } = (await xrpc(origin, "com.atproto.identity.refreshIdentity", { input })) as {
    didDoc: WebDocument;
  };
  return didDoc;
}

function webDocument(did: string, before: WebDocument, coming: Credentials): WebDocument {
  const key = coming.verificationMethods?.["atproto"]?.replace("did:key:", "") ?? "";
  const pds = coming.services?.["atproto_pds"];
  const named = (id: string, name: string) => id === name || id === `${did}${name}`;
  return {
    ...before,
    alsoKnownAs: coming.alsoKnownAs ?? before.alsoKnownAs ?? [],
    verificationMethod: [
      ...(before.verificationMethod ?? []).filter(({ id }) => !named(id, "#atproto")),
      { id: `${did}#atproto`, type: "Multikey", controller: did, publicKeyMultibase: key },
    ],
    service: [
      ...(before.service ?? []).filter(({ id }) => !named(id, "#atproto_pds")),
      { id: "#atproto_pds", type: "AtprotoPersonalDataServer", serviceEndpoint: pds?.endpoint ?? "" },
    ],
  };
}
