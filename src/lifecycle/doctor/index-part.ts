/** An account's part of the index, beside its repo and the directory. */
import type { Did } from "@atcute/lexicons";
import {
  type ComparedPage,
  type Difference,
  type IndexFault,
  comparePage,
  indexAnew,
  isBeingIndexed,
} from "../../appview/index/examine.ts";
import { mendDerived } from "../../appview/index/derived.ts";
import { settleMembers } from "../../appview/index/rebuild.ts";
import type { AccountStatus } from "../../protocol/events.ts";
import { shownHandle } from "../rebuild.ts";
import type { Context } from "./context.ts";
import { type Kind, addFinding } from "./progress.ts";

/** How long the index may take until it has what was written before a look. */
const PATIENCE_MS = 3_000;
const POLL_MS = 50;

const KINDS: Record<IndexFault, Kind> = { missing: "unindexed", extra: "indexed", stale: "outdated" };

/** @returns where the rest begins; null: that was all */
export async function examineIndex(context: Context, did: Did, cursor: string): Promise<string | null> {
  const { index, progress } = context;
  if (context.appview === null || (await isBeingIndexed(index, did))) return null;
  if (cursor === "") {
    await compareActor(context, did);
    const { rows, counts } = await mendDerived(index, did);
    if (counts > 0) addFinding(progress, { did, kind: "counts", example: "", count: counts, mended: true });
    if (rows > 0)
      addFinding(progress, { did, kind: "outdated", example: "feeds or search", count: rows, mended: true });
  }
  const { differences, next } = await compareTwice(context, did, cursor);
  for (const [path, { kind }] of differences) {
    addFinding(progress, { did, kind: KINDS[kind], example: path, mended: true });
  }
  const isIll = ILL.some((kind) => progress.findings.some((each) => each.did === did && each.kind === kind));
  if (differences.size > 0 || (cursor === "" && isIll)) {
    const reposted = [...differences.values()].flatMap((each) => each.reposted ?? []);
    await indexAnew(index, did, reposted, Date.now());
    if (!progress.again.includes(did)) progress.again.push(did);
    // The rest of the repo is put along with it.
    return null;
  }
  return next ?? null;
}

const ILL: readonly Kind[] = ["unindexed", "indexed", "outdated"];

/** The differences that two looks found alike, with the index caught up between them. */
async function compareTwice(context: Context, did: Did, cursor: string): Promise<ComparedPage> {
  const { index } = context;
  const first = await comparePage(index, context.account(did), did, cursor);
  if (first.differences.size === 0) return first;
  const isCaughtUp = await catchUp(context, did);
  const second = isCaughtUp ? await comparePage(index, context.account(did), did, cursor) : null;
  const isSame = ([path, { versions }]: [string, Difference]) =>
    second?.differences.get(path)?.versions === versions;
  return { ...first, differences: new Map([...first.differences].filter(isSame)) };
}

/** Waits until the index has what the account has written until now. False: it lags too far behind. */
async function catchUp(context: Context, did: Did): Promise<boolean> {
  const sequencer = context.sequencer();
  const account = context.account(did);
  const until = Date.now() + PATIENCE_MS;
  const soon = async (isSo: () => Promise<boolean>): Promise<boolean> => {
    while (!(await isSo())) {
      if (Date.now() >= until) return false;
      await scheduler.wait(POLL_MS);
    }
    return true;
  };
  if (!(await soon(async () => (await account.pending()).unsent === 0))) return false;
  const { seq } = await sequencer.status();
  return soon(async () => (await sequencer.status()).indexed >= seq);
}

interface Actor {
  handle: string | null;
  status: AccountStatus | null;
}

/** Whether the index takes the member for who they are. */
async function compareActor(context: Context, did: Did): Promise<void> {
  const { index, services, progress } = context;
  const look = async () => {
    const member = await services.directory.findByDid(did);
    const actor = await index
      .prepare("SELECT handle, status FROM actor WHERE did = ?1 AND known IS NOT NULL AND home IS NULL")
      .bind(did)
      .first<Actor>();
    if (member === null) return null;
    const { status } = member;
    const handle = shownHandle(member);
    const agrees = actor !== null && actor.handle === handle && (actor.status ?? "active") === status;
    return agrees ? null : { did, handle, status };
  };
  if ((await look()) === null || !(await catchUp(context, did))) return;
  const found = await look();
  // An account that was never announced is not in the index.
  if (found === null || (await context.sequencer().repo(did)) === null) return;
  if ((await context.account(did).examine("")).standing.status !== found.status) return;
  await settleMembers(index, [found], Date.now());
  addFinding(progress, { did, kind: "actor", example: found.handle ?? "", mended: true });
}

/** Looks at an account again whose part of the index was mended. */
export async function examineAgain(context: Context, did: Did): Promise<void> {
  const { index, progress } = context;
  const own = progress.findings.filter((each) => each.did === did && ILL.includes(each.kind));
  if (await isBeingIndexed(index, did)) {
    for (const finding of own) finding.mended = false;
    return;
  }
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const page: ComparedPage = await compareTwice(context, did, cursor);
    const left = new Set([...page.differences.values()].map(({ kind }) => KINDS[kind]));
    for (const finding of own) finding.mended &&= !left.has(finding.kind);
    cursor = page.next;
  }
}
