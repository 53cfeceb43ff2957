/** `npm run migrate`: a guided move of an account between hosts, in or out, and the way back. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import * as clack from "@clack/prompts";
import { LaunchError } from "../dev/ports.ts";
import { XrpcError } from "../dev/xrpc-client.ts";
import { check } from "./checks.ts";
import { HostClient, Unreachable } from "./host-client.ts";
import { Move, MoveStopped, STEPS, type Moving } from "./move.ts";
import { USAGE, readOptions, type Options } from "./options.ts";
import { planMove, signIn } from "./plan.ts";
import { plainScreen, terminalScreen, type Screen } from "./screen.ts";
import { runMove } from "./steps.ts";
import { undoMove } from "./undo.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  let screen: Screen | null = null;
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    const asks = !options.yes && process.stdin.isTTY && process.stdout.isTTY;
    screen = asks ? terminalScreen(options.code) : plainScreen(options.code);
    if (asks) clack.intro(options.undo ? "Going back" : "Moving an account");
    const ended = await run(options, screen);
    if (asks) clack.outro(ended);
    else console.log(ended);
    return 0;
  } catch (thrown) {
    const shown = explain(thrown);
    if (shown === null) throw thrown;
    if (screen === null) console.error(shown);
    else screen.error(shown);
    return 1;
  }
}

function explain(thrown: unknown): string | null {
  if (thrown instanceof MoveStopped || thrown instanceof LaunchError) return thrown.message;
  if (thrown instanceof Unreachable) return `${thrown.message}. Nothing is lost: run it again.`;
  if (thrown instanceof XrpcError)
    return `${thrown.message}\nNothing is lost: run it again, or go back with --undo.`;
  return null;
}

async function run(options: Options, screen: Screen): Promise<string> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const begun = await pickBegun(options, screen);
  if (options.undo) {
    if (begun === null) return "No move has been begun here: nothing to undo.";
    return undo(begun, options, screen);
  }
  const moving = begun === null ? await planMove(options, screen) : await takeUp(begun, options, screen);
  if (begun === null && !(await looksGood(moving, options, screen))) {
    return "Nothing was changed.";
  }
  if (options.check) return "Nothing was changed.";
  moving.move.save();
  try {
    await runMove(moving);
  } catch (thrown) {
    screen.settle();
    screen.warn(whereItStands(moving.move));
    throw thrown;
  }
  const { state, folder } = moving.move;
  return [
    `${state.handle} lives at ${state.to} now. Sign in there with the new password.`,
    `The account at ${state.from} sleeps; delete it there once you are sure.`,
    `Your repo and preferences as they were are in ${folder}.`,
  ].join("\n");
}

/** A move that was begun and has not ended; with `--undo`, also one that has. */
async function pickBegun(options: Options, screen: Screen): Promise<Move | null> {
  const moves = readdirSync(options.folder)
    .filter((name) => existsSync(path.join(options.folder, name, "move.json")))
    .map((name) => Move.open(path.join(options.folder, name)))
    .filter((move) => move !== null)
    .filter(({ state, next }) => Object.keys(state.done).length > 0 && (options.undo || next !== null))
    .filter(({ state }) => matches(state.to, options.to) && matches(state.from, options.from))
    .filter(
      ({ state: { did, oldHandle } }) => matches(did, options.account) || oldHandle === options.account,
    );
  if (moves.length === 0) return null;
  const only = moves[0];
  if (options.yes && moves.length === 1 && only !== undefined) return only;
  const choice = await screen.choose(
    options.undo ? "Which move?" : "A move was begun here.",
    "--account and --to",
    [
      ...moves.map(({ state }, i) => ({
        value: String(i),
        label: `${options.undo ? "Go back with" : "Go on with"} ${state.oldHandle}, from ${state.from} to ${state.to}`,
      })),
      ...(options.undo ? [] : [{ value: "new", label: "Begin another" }]),
    ],
  );
  return moves[Number(choice)] ?? null;
}

function matches(value: string, wanted: string | undefined): boolean {
  return wanted === undefined || value === wanted;
}

async function takeUp(move: Move, options: Options, screen: Screen): Promise<Moving> {
  const { state } = move;
  const old = new HostClient(state.from, { onWait: waiting(screen) });
  screen.note(whereItStands(move));
  await signIn(old, state.did, options.oldPassword, "OLD_PASSWORD", screen);
  const password =
    options.newPassword ??
    (await screen.text({ message: `Password at ${state.to}`, by: "NEW_PASSWORD", secret: true }));
  const there = new HostClient(state.to, { onWait: waiting(screen) });
  return { move, old, new: there, password, inviteCode: options.invite, ask: screen, report: screen };
}

function waiting(screen: Screen) {
  return (why: string, ms: number) => screen.note(`${why}: ${Math.ceil(ms / 1000)} s`);
}

async function undo(move: Move, options: Options, screen: Screen): Promise<string> {
  const moving = await takeUp(move, options, screen);
  if (!(await screen.confirm(`Go back to ${move.state.from}?`))) return "Nothing was changed.";
  return undoMove(moving);
}

async function looksGood(moving: Moving, options: Options, screen: Screen): Promise<boolean> {
  const { did, handle, email, plc } = moving.move.state;
  const findings = await check({
    old: moving.old,
    new: moving.new,
    did,
    handle,
    email,
    plc,
    inviteCode: moving.inviteCode,
    folder: options.folder,
  });
  for (const { level, text } of findings) {
    if (level === "ok") screen.note(text);
    else if (level === "warning") screen.warn(text);
    else screen.error(text);
  }
  if (findings.some(({ level }) => level === "obstacle")) {
    throw new MoveStopped("That is in the way. Nothing was changed.");
  }
  if (options.check) return true;
  return screen.confirm("Begin? Until the identity moves, your account stays as it is.");
}

function whereItStands({ state, next }: Move): string {
  const done = STEPS.filter((step) => state.done[step] !== undefined);
  const moved = state.done.identity !== undefined;
  return [
    done.length === 0
      ? "Nothing has been done yet."
      : `Done: ${done.join(", ")}. Next: ${next ?? "nothing"}.`,
    moved
      ? `The identity has moved to ${state.to}.`
      : `The account at ${state.from} is as it was${state.done.account ? `; ${state.to} has a sleeping copy` : ""}.`,
    "Go on: npm run migrate. Go back: npm run migrate -- --undo.",
  ].join("\n");
}
