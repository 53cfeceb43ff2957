/** Checks before a move: each finding says what is in the way, and what helps. */
import { statfsSync } from "node:fs";
import { xrpc } from "../dev/xrpc-client.ts";
import { refused, type HostClient } from "./host-client.ts";
import { credentialsOf, plcState, pointsAt } from "./identity.ts";
import type { AccountStatus } from "./steps.ts";

export interface Finding {
  level: "ok" | "warning" | "obstacle";
  text: string;
}

interface ServerDescription {
  did: string;
  availableUserDomains: string[];
  inviteCodeRequired?: boolean;
  blobUploadLimit?: number;
}

export interface Wanted {
  old: HostClient;
  new: HostClient;
  did: string;
  handle: string;
  email: string;
  inviteCode?: string | undefined;
  plc: string;
  folder: string;
}

/** Estimated size of a record and its share of the tree in an archive; generous. */
const BYTES_PER_RECORD = 1_000;
const BYTES_AT_LEAST = 100_000_000;

export const describeServer = (host: HostClient): Promise<ServerDescription> =>
  host.json<ServerDescription>("com.atproto.server.describeServer", { authorization: "" });

/** Whether a handle is below one of a host's domains. */
export const isBelow = (handle: string, { availableUserDomains }: ServerDescription): boolean =>
  availableUserDomains.some((domain) => handle.endsWith(domain));

/** Runs all checks and changes nothing. Throws `Unreachable` if a host does not answer. */
export async function check(wanted: Wanted): Promise<Finding[]> {
  const [there, status] = await Promise.all([
    describeServer(wanted.new),
    wanted.old.json<AccountStatus>("com.atproto.server.checkAccountStatus"),
  ]);
  const findings: Finding[] = [
    {
      level: "ok",
      text: `${wanted.old.origin} has ${status.indexedRecords} records and ${status.expectedBlobs} blobs of yours.`,
    },
    ...checkMail(wanted),
    ...checkInvite(wanted, there),
    await checkHandle(wanted, there),
    ...checkSpace(wanted, status),
    ...(await checkIdentity(wanted)),
  ];
  if (wanted.old.origin === wanted.new.origin) {
    findings.push({ level: "obstacle", text: "Both hosts are the same." });
  }
  if (!status.activated) {
    findings.push({ level: "obstacle", text: `The account is not active at ${wanted.old.origin}.` });
  }
  return findings;
}

function checkMail({ old }: Wanted): Finding[] {
  const { email, emailConfirmed } = old.session ?? {};
  if (email === undefined) {
    const text = `${old.origin} shows no e-mail address of yours; it has to mail you a code.`;
    return [{ level: "warning", text }];
  }
  if (emailConfirmed === false) {
    const text = `${email} was never confirmed. A code will be sent there: make sure that you read it.`;
    return [{ level: "warning", text }];
  }
  return [{ level: "ok", text: `The code for the identity will come to ${email}.` }];
}

function checkInvite({ inviteCode, ...wanted }: Wanted, there: ServerDescription): Finding[] {
  if (!there.inviteCodeRequired) return [];
  if (inviteCode) return [{ level: "ok", text: "An invite code is given." }];
  return [{ level: "obstacle", text: `${wanted.new.origin} asks for an invite code (--invite).` }];
}

async function checkHandle(wanted: Wanted, there: ServerDescription): Promise<Finding> {
  const { handle, did } = wanted;
  const holder = await resolve(wanted.new.origin, handle);
  if (isBelow(handle, there)) {
    if (holder === null || holder === did) return { level: "ok", text: `${handle} is free.` };
    return { level: "obstacle", text: `${handle} is taken; choose another (--handle).` };
  }
  if (holder === did) return { level: "ok", text: `${handle} is yours, and stays so.` };
  const domains = there.availableUserDomains.join(", ");
  const text = `${handle} does not lead to ${did}; let it (DNS or /.well-known/atproto-did), or take one below ${domains}.`;
  return { level: "obstacle", text };
}

async function resolve(origin: string, handle: string): Promise<string | null> {
  try {
    const answer = await xrpc(origin, "com.atproto.identity.resolveHandle", { params: { handle } });
    return (answer as { did: string }).did;
  } catch (thrown) {
    if (refused(thrown)) return null;
    throw thrown;
  }
}

function checkSpace({ folder }: Wanted, { indexedRecords }: AccountStatus): Finding[] {
  const { bavail, bsize } = statfsSync(folder);
  const wanted = Math.max(BYTES_AT_LEAST, indexedRecords * BYTES_PER_RECORD);
  if (bavail * bsize > wanted) return [];
  return [{ level: "obstacle", text: `${folder} has less than ${Math.ceil(wanted / 1e6)} MB free.` }];
}

async function checkIdentity({ did, plc, old }: Wanted): Promise<Finding[]> {
  if (did.startsWith("did:web:")) {
    const text = `${did} is a file of yours: you will be shown what it has to say.`;
    return [{ level: "warning", text }];
  }
  const [state, here] = await Promise.all([plcState(plc, did), credentialsOf(old)]);
  if (!pointsAt(state, here)) {
    return [{ level: "obstacle", text: `${did} does not name ${old.origin} as its host.` }];
  }
  if (!here.rotationKeys?.some((key) => state.rotationKeys.includes(key))) {
    const text = `${old.origin} holds no rotation key of ${did}: it cannot sign the change. Sign it with your own key.`;
    return [{ level: "obstacle", text }];
  }
  const own = state.rotationKeys.filter((key) => !here.rotationKeys?.includes(key)).length;
  const text =
    own > 0
      ? `${own} rotation ${own === 1 ? "key" : "keys"} of your own will stay first.`
      : "You hold no rotation key: whoever runs your host could lock you out (--rotation-key adds yours).";
  return [{ level: own > 0 ? "ok" : "warning", text }];
}
