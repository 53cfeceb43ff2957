/** The host's status in plain words, and the figures behind them for whoever runs it. */
import type { FollowingStatus, Status } from "../../lifecycle/status.ts";
import { STEPS, shortageInWords } from "../../protocol/plan/shortage.ts";
import type { StreamStatus } from "../../protocol/stations.ts";
import type { Fact, StatusView } from "../pages/status.tsx";

const number = (value: number) => value.toLocaleString("en");

const day = (at: number | string) => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** A lag of up to this many events is normal. */
const BEHIND = 500;

const isBehind = ({ lag }: Pick<FollowingStatus, "lag">) => lag > BEHIND;

/** The most serious problem, as somebody notices it; null if there is none. */
export function troubleOf(index: FollowingStatus): string | null {
  const { lag, error, lost, poisoned, failed } = index;
  if (lost !== null)
    return "Some posts are missing from timelines and from search, until whoever runs this host puts them in order.";
  if (error !== null)
    return "New posts do not show up at the moment. Nothing is lost: the host goes on trying by itself.";
  if (isBehind(index)) return `New posts show up late: ${number(lag)} changes are waiting their turn.`;
  if (failed.count > 0)
    return `Some posts of ${number(failed.count)} ${failed.count === 1 ? "person" : "people"} may be missing. Whoever runs this host finds more below.`;
  return poisoned.count > 0
    ? `Something that was posted could not be shown, ${number(poisoned.count)} in all. Whoever runs this host finds more below.`
    : null;
}

/** For everybody: what is let go today, and until when. */
export function shortageTrouble({ shortage }: Pick<Status, "shortage">): string | null {
  if (shortage === null || shortage.letsGo.length === 0) return null;
  const words = STEPS.slice(1, shortage.step + 1).map((step) => step.words);
  return `${shortageInWords(shortage)} Until midnight (UTC): ${words.join(" ")} Nothing is lost.`;
}

function pace({ index, shortage }: Status): string {
  if (index.error !== null) return "not at the moment";
  if (shortage?.letsGo.includes("index") === true) return "after midnight (UTC)";
  return isBehind(index) ? "late" : "at once";
}

function listeners({ streams }: Status): string {
  const readers = streams.reduce((sum, stream) => sum + stream.readers, 0);
  if (readers === 0) return "Nobody is listening just now.";
  return readers === 1
    ? "One other service carries on what is posted here."
    : `${number(readers)} other services carry on what is posted here.`;
}

function plainFacts(found: Status): Fact[] {
  const { members, posts, follows } = found.index.counts;
  return [
    ["New posts show up", pace(found)],
    ["People here", number(members)],
    ["Their posts", number(posts)],
    ["Their follows", number(follows)],
    ["Other places", listeners(found)],
  ];
}

function rebuildLine({ rebuild }: Status["index"]): string {
  if (rebuild === null) return "never";
  const { phase, done, total, finished, error } = rebuild;
  if (phase === "done") return finished === null ? "done" : `done ${day(finished)}`;
  return `${phase}, ${number(done)} of ${number(total)} accounts${error === null ? "" : `; stopped: ${error}`}`;
}

const STREAMS = { repos: "Firehose", json: "JSON stream" };

/** One stream's readers: how many, how far behind, and how many were cut and why. */
function streamFact({ kind, readers, replaying, behind, cut }: StreamStatus): Fact {
  const parts = [`${number(readers)} ${readers === 1 ? "reader" : "readers"}`];
  if (replaying > 0) parts.push(`${number(replaying)} of them behind, by up to ${number(behind)} events`);
  if (cut.TooSlow > 0) parts.push(`${number(cut.TooSlow)} cut for not reading`);
  if (cut.Overtaken > 0) parts.push(`${number(cut.Overtaken)} cut for asking for what is gone`);
  return [STREAMS[kind], parts.join("; ")];
}

function figures({ firehose, streams, index, shortage }: Status): Fact[] {
  const { lag, cursor, error, lost, poisoned, failed, waiting } = index;
  return [
    ["Newest event", String(firehose.seq)],
    ["Newest indexed", lag === 0 ? `${cursor}, nothing waits` : `${cursor}, ${number(lag)} wait`],
    ["Oldest event kept", String(firehose.oldest ?? "none")],
    ...streams.map(streamFact),
    ["Last error", error ?? "none"],
    ["Set aside", poisoned.count === 0 ? "nothing" : `${number(poisoned.count)} events`],
    ["Accounts not indexed", failed.count === 0 ? "none" : `${number(failed.count)}: rebuild the index`],
    ["Large repos coming in", waiting === 0 ? "none" : number(waiting)],
    ["Lost to the index", lost === null ? "nothing" : `events ${lost.after + 1} to ${lost.upTo}: rebuild it`],
    ["Rebuild", rebuildLine(index)],
    ...(shortage === null ? [] : [["Plan", shortageInWords(shortage)] satisfies Fact]),
  ];
}

export function statusView(found: Status): StatusView {
  return {
    trouble: shortageTrouble(found) ?? troubleOf(found.index),
    time: day(found.time),
    plain: plainFacts(found),
    figures: figures(found),
    setAside: found.index.poisoned.newest.map(({ seq, did, error, at }) => ({
      seq,
      did: did ?? "",
      at: day(at),
      error,
    })),
    failed: found.index.failed.newest.map(({ did, error, at }) => ({ did, at: day(at), error })),
  };
}
