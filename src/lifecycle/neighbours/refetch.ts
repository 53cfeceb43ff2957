/**
 * Fetches an account's repo, as far as it is new: the last month when it is first heard of, and what was missed when
 * its commits do not follow on what is held. Verified as a whole; what is gone is told by the tree.
 */
import type { Did } from "@atcute/lexicons";
import { indexers } from "../../appview/index/indexers/registry.ts";
import { fetchPublic } from "../../identity/outbound.ts";
import { writeCar } from "../../protocol/car.ts";
import type { CommitEvent, RepoOp } from "../../protocol/events.ts";
import { Archive, type ArchivedRecord } from "../../protocol/neighbour/archive.ts";
import type { Held } from "../../protocol/neighbour/checks.ts";
import { namesMember, type Interests } from "../../protocol/neighbour/glance.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { isTid, tidFromMicros, tidToMicros } from "../../protocol/tid.ts";
import { COLLECTIONS, isOwn } from "./audience.ts";
import type { Neighbour } from "./store.ts";

const DAY_MS = 24 * 60 * 60_000;
/** How far back an account is read when it is first heard of. */
const WINDOW_MS = 30 * DAY_MS;
/** Records of each collection that are taken then, the newest. */
const WINDOW_RECORDS = 100;
const ARCHIVE_BYTES = 20_000_000;
const TIMEOUT_MS = 30_000;
const OPS = 200;

const POST = "app.bsky.feed.post";
const REPOST = "app.bsky.feed.repost";

export interface Fetched {
  held: Held;
  events: CommitEvent[];
}

export interface Fetching {
  db: D1Database;
  interests: Interests;
  local: boolean;
  agent: string;
  now: number;
}

/** Refuses UpstreamFailure (502), InvalidRequest for an archive that is not what it should be. */
export async function refetch(
  { db, interests, local, agent, now }: Fetching,
  who: Neighbour,
  origin: string,
): Promise<Fetched> {
  const { did, key, held } = who;
  const floor = tidFromMicros((now - WINDOW_MS) * 1000);
  const url = new URL("/xrpc/com.atproto.sync.getRepo", origin);
  url.search = new URLSearchParams({ did, since: held?.rev ?? floor }).toString();
  const options = { local, maxBytes: ARCHIVE_BYTES, timeoutMs: TIMEOUT_MS, headers: { "user-agent": agent } };
  const { status, body } = await fetchPublic(url, options);
  if (status !== 200) throw new Refusal("UpstreamFailure", `its host answered ${status}`, 502);
  const archive = await Archive.open(body, { did, key, now });
  const records = [...archive.records()].filter(({ path, bytes }) => {
    const collection = collectionOf(path);
    return isOwn(collection) || (COLLECTIONS.has(collection) && namesMember(bytes, did, interests));
  });
  const wanted = held === null ? newest(records, floor) : records;
  const gone = (await pathsOf(db, did)).filter((path) => archive.lacks(path));
  return { held: archive.held, events: eventsOf(did, archive.held, wanted, gone) };
}

const collectionOf = (path: string): string => path.slice(0, path.indexOf("/"));

/** Of posts and reposts the newest of the window; of the rest, which says what an account is, all. */
function newest(records: readonly ArchivedRecord[], floor: string): ArchivedRecord[] {
  const isDated = ({ path }: ArchivedRecord) => [POST, REPOST].includes(collectionOf(path));
  const rkey = ({ path }: ArchivedRecord) => path.slice(path.indexOf("/") + 1);
  const dated = records.filter((record) => isDated(record) && isTid(rkey(record)) && rkey(record) >= floor);
  const taken = [POST, REPOST].flatMap((collection) =>
    dated.filter(({ path }) => collectionOf(path) === collection).slice(-WINDOW_RECORDS),
  );
  return [...records.filter((record) => !isDated(record)), ...taken];
}

/** The paths of what the index has of an account. */
async function pathsOf(db: D1Database, did: Did): Promise<string[]> {
  const found = await db.batch<{ rkey: string }>(
    indexers.map(({ existing }) => db.prepare(existing).bind(did)),
  );
  return indexers.flatMap(({ collection }, i) =>
    (found[i]?.results ?? []).map(({ rkey }) => `${collection}/${rkey}`),
  );
}

/** The archive as commits of the repo's owner, as the index reads them. */
function eventsOf(
  did: Did,
  { rev, data }: Held,
  records: readonly ArchivedRecord[],
  gone: readonly string[],
): CommitEvent[] {
  const ops = [
    ...gone.map((path): RepoOp => ({ action: "delete", path, cid: null })),
    // `update`: an older version may be there.
    ...records.map(({ path, cid }): RepoOp => ({ action: "update", path, cid })),
  ];
  const bytes = new Map(records.map((record) => [record.cid, record.bytes]));
  const time = new Date(tidToMicros(rev) / 1000).toISOString();
  const events: CommitEvent[] = [];
  for (let from = 0; from < ops.length; from += OPS) {
    const some = ops.slice(from, from + OPS);
    const blocks = some.flatMap(({ cid }) => {
      const block = cid === null ? undefined : bytes.get(cid);
      return cid === null || block === undefined ? [] : { cid, bytes: block };
    });
    const car = writeCar([data], blocks);
    events.push({
      kind: "commit",
      seq: 0,
      did,
      time,
      commit: data,
      rev,
      since: null,
      ops: some,
      blocks: car,
    });
  }
  return events;
}
