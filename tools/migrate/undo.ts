/**
 * The way back. Before the identity has moved, it deletes the new account; after that, it moves the identity
 * back.
 */
import type { PlcState } from "../../src/identity/plc/operation.ts";
import { refused } from "./host-client.ts";
import { changePlc, credentialsOf, mergeCredentials, plcState, pointsAt } from "./identity.ts";
import { withCode } from "./mailed-code.ts";
import { MoveStopped, type Moving } from "./move.ts";
import { statusAt } from "./steps.ts";

/** Returns a description of what was done. Throws `MoveStopped` if the member has to do something first. */
export async function undoMove(moving: Moving): Promise<string> {
  const { move, old, password } = moving;
  const { did } = move.state;
  try {
    await moving.new.login(did, password);
  } catch (thrown) {
    if (!refused(thrown, "AuthenticationRequired", "AccountNotFound", "InvalidRequest")) throw thrown;
    move.state.done = {};
    move.save();
    return `There is no account at ${moving.new.origin} that the password opens: nothing to undo. ${old.origin} is as it was.`;
  }
  const [before, after] = await Promise.all([credentialsOf(old), credentialsOf(moving.new)]);
  if (!did.startsWith("did:plc:")) return undoWeb(moving);
  const now = await plcState(move.state.plc, did);
  if (pointsAt(now, after)) return moveBack(moving, mergeCredentials(now, after, before));
  if (!pointsAt(now, before)) throw new MoveStopped(`${did} names neither host: its owner has to say which.`);
  return forsake(moving);
}

/** Deletes the copy at the new host, and nothing else. */
async function forsake({ move, password, ask, ...moving }: Moving): Promise<string> {
  const { did } = move.state;
  if ((await statusAt(moving.new)).activated) {
    throw new MoveStopped(`The account at ${moving.new.origin} is active: it is not deleted here.`);
  }
  const email = moving.new.session?.email ?? move.state.email;
  await withCode(
    ask,
    { purpose: "deletion", host: moving.new.origin, email },
    () => moving.new.json("com.atproto.server.requestAccountDelete", { procedure: true }),
    (token) =>
      moving.new.json("com.atproto.server.deleteAccount", { input: { did, password, token }, once: true }),
  );
  // The archive stays: it is the member's backup.
  move.state.done = {};
  delete move.state.importing;
  delete move.state.operation;
  move.save();
  return `The copy at ${moving.new.origin} is deleted. ${moving.old.origin} is as it was.`;
}

async function moveBack(moving: Moving, next: PlcState): Promise<string> {
  const { move, old, ask } = moving;
  await changePlc({
    did: move.state.did,
    plc: move.state.plc,
    signer: moving.new,
    target: old,
    next,
    email: moving.new.session?.email ?? move.state.email,
    ask,
    kept: undefined,
    keep: () => undefined,
  });
  return swap(moving);
}

async function undoWeb(moving: Moving): Promise<string> {
  const [there, here] = await Promise.all([statusAt(moving.new), statusAt(moving.old)]);
  if (there.validDid)
    throw new MoveStopped("Publish the document from before the move (in move.json), and run it again.");
  if (here.validDid && !there.activated) return forsake(moving);
  return swap(moving);
}

async function swap({ move, old, ...moving }: Moving): Promise<string> {
  await old.json("com.atproto.server.activateAccount", { procedure: true });
  await moving.new.json("com.atproto.server.deactivateAccount", { input: {} });
  for (const step of ["identity", "activate", "deactivate"] as const) delete move.state.done[step];
  delete move.state.operation;
  move.save();
  return `${move.state.did} is back at ${old.origin}. What was written at ${moving.new.origin} since stays there, deactivated.`;
}
