/**
 * The rules by which a did:plc directory accepts operations (did:plc spec v0.3, and its server's limits):
 * form, then order and authority. Pure.
 */
import { Buffer } from "node:buffer";
import { verify } from "../../protocol/keys.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import { didOfGenesis, signedBytes, stateOf, type AnyOperation } from "./operation.ts";

const HOUR = 3_600_000;
/** How long a key of higher authority may undo an operation signed by a lower one. */
const RECOVERY_WINDOW = 72 * HOUR;

/** An accepted operation. `createdAt` in milliseconds of the Unix epoch. */
export interface LoggedOperation {
  cid: string;
  operation: AnyOperation;
  createdAt: number;
}

/**
 * Checks that `proposed`, submitted at `at` (milliseconds), may follow the DID's valid operations `log`.
 * @returns CIDs of the operations that it undoes. Refuses InvalidRequest.
 */
export async function checkNext(
  did: string,
  log: readonly LoggedOperation[],
  proposed: AnyOperation,
  at: number,
): Promise<string[]> {
  if (log.length === 0) {
    await checkGenesis(did, proposed);
    return [];
  }
  const fork = log.findIndex(({ cid }) => cid === proposed.prev);
  const last = log[fork]?.operation;
  if (last === undefined || last.type === "plc_tombstone") throw misordered();
  const { rotationKeys } = stateOf(last);
  const undone = log.slice(fork + 1);
  const [first] = undone;
  if (first === undefined) {
    await signerOf(proposed, rotationKeys);
    return [];
  }
  const disputed = await signerOf(first.operation, rotationKeys);
  await signerOf(proposed, rotationKeys.slice(0, rotationKeys.indexOf(disputed)));
  if (at <= (log.at(-1)?.createdAt ?? 0)) throw misordered();
  if (at - first.createdAt > RECOVERY_WINDOW) {
    throw invalidRequest(
      `Recovery operation occured outside of the allowed 72 hr recovery window. Time lapsed: ${at - first.createdAt}`,
    );
  }
  return undone.map(({ cid }) => cid);
}

async function checkGenesis(did: string, operation: AnyOperation): Promise<void> {
  if (operation.type === "plc_tombstone") throw misordered();
  await signerOf(operation, stateOf(operation).rotationKeys);
  const expected = didOfGenesis(operation);
  if (expected !== did) {
    throw invalidRequest(`Hash of genesis operation does not match DID identifier: ${expected}`);
  }
  if (operation.prev !== null) {
    throw invalidRequest("Improperly formatted operation, expected null prev on create");
  }
}

/**
 * The key, of those allowed, that signed the operation. Only the canonical base64url of a signature is
 * accepted, because another spelling would give another CID. Refuses InvalidRequest.
 */
async function signerOf(operation: AnyOperation, allowed: readonly string[]): Promise<string> {
  const signature = decodeSignature(operation.sig);
  const bytes = signedBytes(operation);
  for (const key of allowed) if (signature && (await verify(key, bytes, signature))) return key;
  throw invalidRequest("Invalid signature on op");
}

function decodeSignature(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : null;
}

const misordered = () => invalidRequest("Operations not correctly ordered");
