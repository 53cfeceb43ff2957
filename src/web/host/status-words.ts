/** The host's status in words, for its page. */
import type { Status } from "../../lifecycle/status.ts";
import type { StatusView } from "../pages/status.tsx";

const number = (value: number) => value.toLocaleString("en");

const counted = (value: number, what: string) => `${number(value)} ${what}${value === 1 ? "" : "s"}`;

function rebuildLine({ rebuild }: Status["index"]): string {
  if (rebuild === null) return "never";
  const { phase, done, total, finished, error } = rebuild;
  if (phase === "done") return `done ${finished === null ? "" : new Date(finished).toISOString()}`;
  return `${phase}, ${number(done)} of ${number(total)} accounts${error === null ? "" : `; stopped: ${error}`}`;
}

/** The most serious problem, in a sentence; null if there is none. */
function troubleOf({ index }: Status): string | null {
  const { lag, error, lost, poisoned } = index;
  if (lost !== null) return "Some events are lost to the index: the owner has to rebuild it.";
  if (error !== null) return `The index has stopped and is tried again: ${error}`;
  if (poisoned.count > 0) return "Some events could not be indexed and were set aside.";
  return lag > BEHIND ? "The index is behind: new posts show up late." : null;
}

/** A lag of up to this many events is normal. */
const BEHIND = 500;

/** The status in words, for the page. */
export function statusView(found: Status): StatusView {
  const { time, firehose, index } = found;
  const { counts, lost, poisoned } = index;
  return {
    trouble: troubleOf(found),
    time: `${time.slice(0, 16).replace("T", " ")} UTC`,
    facts: [
      ["Behind by", index.lag === 0 ? "nothing" : `${number(index.lag)} events`],
      ["Events", `${firehose.seq} is the newest, ${index.cursor} is indexed`],
      ["Firehose", `from ${firehose.oldest ?? "–"}, ${number(firehose.subscribers)} listening`],
      [
        "Index",
        [
          counted(counts.members, "member"),
          counted(counts.posts, "post"),
          counted(counts.follows, "follow"),
        ].join(", "),
      ],
      ["Last error", index.error ?? "none"],
      ["Set aside", poisoned.count === 0 ? "nothing" : `${number(poisoned.count)} events`],
      ["Lost", lost === null ? "nothing" : `events ${lost.after + 1} to ${lost.upTo}: rebuild`],
      ["Rebuild", rebuildLine(index)],
    ],
    setAside: poisoned.newest.map(({ seq, did, error, at }) => ({
      seq,
      did: did ?? "",
      at: new Date(at).toISOString(),
      error,
    })),
  };
}
