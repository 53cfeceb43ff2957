/**
 * The steps of a move, in the official order. Each step first checks what is there already: it may be
 * interrupted anywhere, on either side, and repeated, and nothing is duplicated. Until `identity`, nothing
 * changes at the old host.
 */
import { createWriteStream, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { inspectArchive } from "./archive.ts";
import { copyBlobs } from "./blobs.ts";
import { pause, refused } from "./host-client.ts";
import { moveIdentity } from "./identity.ts";
import { MoveStopped, type Moving, type StepName } from "./move.ts";

/** The longest wait for an import that the host continues by itself. */
const IMPORT_MINUTES = 30;
const POLL_MS = 2_000;
/** A host soon rolls back a half-made account by itself. */
const ROLLBACK_MS = 60_000;

export interface AccountStatus {
  activated: boolean;
  validDid: boolean;
  repoCommit: string;
  repoRev: string;
  indexedRecords: number;
  expectedBlobs: number;
  importedBlobs: number;
}

export const statusAt = (host: Moving["old"]): Promise<AccountStatus> =>
  host.json<AccountStatus>("com.atproto.server.checkAccountStatus");

/** Runs a move from its current step to its end. Throws `MoveStopped`, `XrpcError`, `Unreachable`. */
export async function runMove(moving: Moving): Promise<void> {
  const { move, report } = moving;
  for (let step = move.next; step !== null; step = move.next) {
    moving.signal?.throwIfAborted();
    await ensureSession(moving, step);
    report.begin(step);
    if (step === "identity" && (await hasChanged(moving))) {
      report.note("The old account has been written to since: its repo is copied again.");
      for (const each of ["archive", "repo", "blobs", "preferences", "compare"] as const) {
        delete move.state.done[each];
      }
      move.save();
      continue;
    }
    const summary = await RUN[step](moving);
    move.finish(step);
    report.end(step, summary);
  }
}

const RUN: Record<StepName, (moving: Moving) => Promise<string>> = {
  archive,
  account,
  repo,
  blobs: copyBlobs,
  preferences,
  compare,
  identity: moveIdentity,
  activate,
  deactivate,
};

/** Signs in at the new host when a run resumes a move after the account was made. */
async function ensureSession({ move, password, ...moving }: Moving, step: StepName): Promise<void> {
  if (moving.new.session !== null || step === "archive" || step === "account") return;
  await moving.new.login(move.state.did, password);
}

async function hasChanged({ move, old }: Moving): Promise<boolean> {
  if (move.state.operation !== undefined) return false;
  const { did, archive } = move.state;
  const { rev } = await old.json<{ rev: string }>("com.atproto.sync.getLatestCommit", { params: { did } });
  return rev !== archive?.headRev;
}

/** Nothing is created anywhere until the repo is here, complete and verified. */
async function archive({ move, old, ...moving }: Moving): Promise<string> {
  const { did } = move.state;
  const file = move.file("repo.car");
  const { rev } = await old.json<{ rev: string }>("com.atproto.sync.getLatestCommit", { params: { did } });
  await old.stream("com.atproto.sync.getRepo", { params: { did } }, async (body) => {
    await pipeline(Readable.from(body), createWriteStream(`${file}.part`, { mode: 0o600 }));
    inspectArchive(`${file}.part`);
  });
  renameSync(`${file}.part`, file);
  const facts = inspectArchive(file);
  if (facts.did !== did) throw new MoveStopped(`${old.origin} sent the repo of ${facts.did}, not of ${did}.`);
  move.state.archive = { ...facts, headRev: rev };
  delete move.state.importing;
  const { blobUploadLimit } = await moving.new.json<{ blobUploadLimit?: number }>(
    "com.atproto.server.describeServer",
    { authorization: "" },
  );
  if (blobUploadLimit !== undefined && facts.largestBlob > blobUploadLimit) {
    moving.report.note(
      `The largest blob has ${facts.largestBlob} bytes, and ${moving.new.origin} takes ${blobUploadLimit}.`,
    );
  }
  const later =
    facts.blobs === 0
      ? "it names no blobs"
      : `its ${facts.blobs} blobs (${sizeOf(facts.blobBytes)}) are not in that file, and are copied later`;
  return `${facts.records} records (${sizeOf(facts.bytes)}) kept in ${file}; ${later}`;
}

const sizeOf = (bytes: number) =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

async function account(moving: Moving): Promise<string> {
  const { move, old, password, inviteCode } = moving;
  const { did, handle, email } = move.state;
  const started = Date.now();
  for (;;) {
    // An earlier run made the account, or a request whose answer was lost.
    if (await signIn(moving)) return `${handle} waits at ${moving.new.origin}, deactivated`;
    const server = await moving.new.json<{ did: string }>("com.atproto.server.describeServer", {
      authorization: "",
    });
    const { token } = await old.json<{ token: string }>("com.atproto.server.getServiceAuth", {
      params: { aud: server.did, lxm: "com.atproto.server.createAccount" },
    });
    try {
      const input = { did, handle, email, password, ...(inviteCode === undefined ? {} : { inviteCode }) };
      const session = await moving.new.json<Parameters<typeof moving.new.adopt>[0]>(
        "com.atproto.server.createAccount",
        { input, authorization: `Bearer ${token}`, once: true },
      );
      moving.new.adopt(session);
      return `${handle} made at ${moving.new.origin}, deactivated`;
    } catch (thrown) {
      const waits = refused(thrown) ? isTaken(thrown) || thrown.status >= 500 : true;
      if (!waits || Date.now() - started > ROLLBACK_MS) throw thrown;
      moving.report.note(`${thrown instanceof Error ? thrown.message : String(thrown)}: trying again`);
      await pause(POLL_MS, moving.signal);
    }
  }
}

/**
 * Whether a refusal may pass: another attempt of this move, rolled back within moments, still holds the handle or
 * the DID. Any other 4xx is final, a wrong invite code above all.
 */
export const isTaken = ({ error, message }: { error: string; message: string }) =>
  error === "AlreadyExists" ||
  error === "HandleNotAvailable" ||
  (error === "InvalidRequest" && /already (exists|taken)/i.test(message));

async function signIn({ move, password, ...moving }: Moving): Promise<boolean> {
  try {
    const { handle } = await moving.new.login(move.state.did, password);
    // An account left here by an earlier move keeps its handle.
    if (handle !== move.state.handle) {
      moving.report.note(`The account at ${moving.new.origin} is called ${handle}.`);
      move.state.handle = handle;
      move.save();
    }
    return true;
  } catch (thrown) {
    if (refused(thrown, "AuthenticationRequired", "AccountNotFound", "InvalidRequest")) return false;
    throw thrown;
  }
}

/** The answer of this kind of host to an import; others answer nothing. */
type ImportAnswer = { irregular?: { count: number; records: { uri: string; reason: string }[] } } | undefined;

/** Most irregular records that are named. The account page names them all. */
const NAMED = 5;

function tellIrregular({ report }: Moving, answer: ImportAnswer): void {
  const { count = 0, records = [] } = answer?.irregular ?? {};
  if (count === 0) return;
  report.note(`${count} records are kept as they are, but do not show in apps:`);
  for (const { uri, reason } of records.slice(0, NAMED)) report.note(`${uri} (${reason})`);
  if (count > NAMED) report.note(`and ${count - NAMED} more`);
}

async function repo(moving: Moving): Promise<string> {
  const { move, signal } = moving;
  const { archive: facts } = move.state;
  const file = move.file("repo.car");
  if (facts === undefined || !existsSync(file))
    throw new MoveStopped(`${file} is gone: start with a new folder.`);
  const arrived = async () => {
    const status = await statusAt(moving.new);
    return (
      move.state.importing !== undefined &&
      status.repoRev !== move.state.importing &&
      status.indexedRecords === facts.records
    );
  };
  const summary = `${facts.records} records arrived`;
  if (await arrived()) return summary;
  move.state.importing = (await statusAt(moving.new)).repoRev;
  move.save();
  const body = { bytes: readFileSync(file), type: "application/vnd.ipld.car" };
  for (const deadline = Date.now() + IMPORT_MINUTES * 60_000; Date.now() < deadline;) {
    try {
      const answer = await moving.new.json<ImportAnswer>("com.atproto.repo.importRepo", { body });
      tellIrregular(moving, answer);
      return summary;
    } catch (thrown) {
      // The answer may get lost while the host continues; a second import then has to wait for the first.
      if (!refused(thrown) || !/in progress/i.test(thrown.message)) throw thrown;
      moving.report.note(`${moving.new.origin} is still importing`);
    }
    await pause(POLL_MS, signal);
    if (await arrived()) return summary;
  }
  throw new MoveStopped(
    `${moving.new.origin} has been importing for ${IMPORT_MINUTES} minutes. Come back later.`,
  );
}

/** The host derives it from the birth date; nobody may set it. */
const DECLARED_AGE = "app.bsky.actor.defs#declaredAgePref";

async function preferences({ move, old, ...moving }: Moving): Promise<string> {
  type Preferences = { preferences: { $type: string }[] };
  const nsid = "app.bsky.actor.getPreferences";
  let all: Preferences["preferences"];
  try {
    ({ preferences: all } = await old.json<Preferences>(nsid));
  } catch (thrown) {
    // Not every host serves app.bsky.
    if (!refused(thrown) || thrown.status === 401) throw thrown;
    return `${old.origin} has no preferences (${thrown.message})`;
  }
  const kept = all.filter(({ $type }) => $type !== DECLARED_AGE);
  writeFileSync(move.file("preferences.json"), JSON.stringify(kept, null, 2), { mode: 0o600 });
  await moving.new.json("app.bsky.actor.putPreferences", { input: { preferences: kept } });
  return `${kept.length} preferences copied`;
}

async function compare({ move, ...moving }: Moving): Promise<string> {
  const status = await statusAt(moving.new);
  const { records = 0 } = move.state.archive ?? {};
  const missing = status.expectedBlobs - status.importedBlobs;
  const lost = Object.keys(move.state.lost).length;
  if (status.indexedRecords !== records) {
    throw new MoveStopped(`${moving.new.origin} has ${status.indexedRecords} of ${records} records.`);
  }
  if (missing > lost) throw new MoveStopped(`${moving.new.origin} lacks ${missing} blobs.`);
  return `${status.indexedRecords} records and ${status.importedBlobs} blobs are there`;
}

async function activate({ move, ...moving }: Moving): Promise<string> {
  if (!(await statusAt(moving.new)).activated) {
    await moving.new.json("com.atproto.server.activateAccount", { procedure: true });
  }
  return `${move.state.handle} is active at ${moving.new.origin}`;
}

async function deactivate({ old }: Moving): Promise<string> {
  await old.json("com.atproto.server.deactivateAccount", { input: {} });
  return `The account at ${old.origin} is deactivated`;
}
