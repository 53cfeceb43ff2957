/** `/status`: how far the index is behind what was written, for machines and, in a browser, for people. */
import { type IndexStatus, readIndexStatus } from "../appview/status.ts";
import type { SequencerStatus } from "../protocol/stations.ts";
import type { Services } from "../xrpc/services.ts";
import { setCors } from "./cors.ts";

interface Status {
  host: string;
  time: string;
  firehose: { seq: number; oldest: number | null; subscribers: number };
  index: {
    /** Events written and not yet shown. */
    lag: number;
    cursor: number;
    /** Why the last attempt failed, while the next has not succeeded. */
    error: string | null;
    /** Events that were gone before they could be indexed: only a rebuild brings them back. */
    lost: { after: number; upTo: number } | null;
  } & Omit<IndexStatus, "cursor">;
}

/** HTML for who asks for it, else JSON. */
export async function status(request: Request, services: Services): Promise<Response> {
  const { env, host } = services;
  const now = Date.now();
  const [events, index] = await Promise.all([
    services.sequencer().status(),
    readIndexStatus(env.APPVIEW_DB, now),
  ]);
  const found = statusOf(host.hostname, now, events, index);
  const page = (request.headers.get("accept") ?? "").includes("text/html");
  const response = page
    ? new Response(pageOf(found), { headers: { "content-type": "text/html; charset=utf-8" } })
    : Response.json(found);
  response.headers.set("cache-control", "no-store");
  response.headers.set("vary", "accept");
  setCors(response.headers);
  return response;
}

function statusOf(host: string, now: number, events: SequencerStatus, index: IndexStatus): Status {
  const { cursor: stored, ...rest } = index;
  // The index does not write down each event that changes nothing in it.
  const cursor = Math.max(stored, events.indexed);
  return {
    host,
    time: new Date(now).toISOString(),
    firehose: { seq: events.seq, oldest: events.oldest, subscribers: events.subscribers },
    index: {
      lag: Math.max(events.seq - cursor, 0),
      cursor,
      error: events.ingestError,
      lost: events.ingestLost ?? null,
      ...rest,
    },
  };
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? "");
const number = (value: number) => value.toLocaleString("en");

function rebuildLine({ rebuild }: Status["index"]): string {
  if (rebuild === null) return "never";
  const { phase, done, total, finished, error } = rebuild;
  if (phase === "done") return `done ${finished === null ? "" : new Date(finished).toISOString()}`;
  return `${phase}, ${number(done)} of ${number(total)} accounts${error === null ? "" : `; stopped: ${error}`}`;
}

function pageOf({ host, time, firehose, index }: Status): string {
  const rows: [string, string][] = [
    ["Behind by", index.lag === 0 ? "nothing" : `${number(index.lag)} events`],
    ["Events", `${number(firehose.seq)} written, ${number(index.cursor)} indexed`],
    ["Firehose", `from ${firehose.oldest ?? "–"}, ${number(firehose.subscribers)} listening`],
    [
      "Index",
      `${number(index.counts.members)} members, ${number(index.counts.posts)} posts, ${number(index.counts.follows)} follows`,
    ],
    ["Last error", index.error ?? "none"],
    ["Set aside", index.poisoned.count === 0 ? "nothing" : `${number(index.poisoned.count)} events`],
    [
      "Lost",
      index.lost === null ? "nothing" : `events ${index.lost.after + 1} to ${index.lost.upTo}: rebuild`,
    ],
    ["Rebuild", rebuildLine(index)],
  ];
  const table = rows.map(([name, value]) => `<tr><th>${name}</th><td>${escaped(value)}</td></tr>`).join("");
  const poisoned = index.poisoned.newest
    .map(
      ({ seq, did, error, at }) =>
        `<li><b>${seq}</b> ${escaped(did ?? "")} ${new Date(at).toISOString()}<br>${escaped(error)}</li>`,
    )
    .join("");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Status of ${escaped(host)}</title>
<style>
  :root { color-scheme: light dark }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
  table { border-collapse: collapse; width: 100% }
  th { text-align: left; font-weight: 600; padding-right: 1.5rem; white-space: nowrap; vertical-align: top }
  th, td { padding-block: .35rem; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
  li { margin-block: .5rem; overflow-wrap: anywhere }
</style>
<main>
<h1>${escaped(host)}</h1>
<table><tbody>${table}</tbody></table>
${poisoned === "" ? "" : `<h2>Events set aside</h2><ul>${poisoned}</ul>`}
<p><small>${time}</small></p>
</main>
</html>
`;
}
