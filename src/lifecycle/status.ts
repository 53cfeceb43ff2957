/** The host's status: how far the index lags behind the firehose. */
import { type IndexHealth, type IndexStatus, readIndexHealth, readIndexStatus } from "../appview/status.ts";
import type { Host } from "../identity/host.ts";
import { type LetGo, type Shortage, lettingGo } from "../protocol/plan/shortage.ts";
import type { Bindings, SequencerStation, SequencerStatus, StreamStatus } from "../protocol/stations.ts";

export interface StatusServices {
  env: Pick<Bindings, "APPVIEW_DB" | "SHORT">;
  host: Host;
  sequencer(): SequencerStation;
}

export interface Status {
  host: string;
  time: string;
  firehose: { seq: number; oldest: number | null };
  /** The readers of both streams. */
  streams: StreamStatus[];
  /** The resource that runs short today on the free plan, and what is let go of it; null if none does. */
  shortage: (Shortage & { letsGo: LetGo[] }) | null;
  index: {
    /** Events written and not yet indexed. */
    lag: number;
    cursor: number;
    /** The error of the last attempt, until one succeeds. */
    error: string | null;
    /** Events that were gone before they could be indexed. Only a rebuild brings them back. */
    lost: { after: number; upTo: number } | null;
  } & Omit<IndexStatus, "cursor">;
}

export async function readStatus(services: StatusServices): Promise<Status> {
  const { env, host } = services;
  const now = Date.now();
  const sequencer = services.sequencer();
  const [events, streams, index] = await Promise.all([
    sequencer.status(),
    sequencer.streams(),
    readIndexStatus(env.APPVIEW_DB, now),
  ]);
  const shortage = env.SHORT === undefined ? null : { ...env.SHORT, letsGo: lettingGo(env.SHORT) };
  return { ...statusOf(host.hostname, now, events, index), streams, shortage };
}

/** How the index follows the firehose: what of the status takes a few rows to read. */
export type FollowingStatus = Pick<
  Status["index"],
  "lag" | "cursor" | "error" | "lost" | "poisoned" | "failed"
>;

export interface Following extends FollowingStatus {
  firehose: Status["firehose"];
}

export async function readFollowing(services: Omit<StatusServices, "host">): Promise<Following> {
  const [events, index] = await Promise.all([
    services.sequencer().status(),
    readIndexHealth(services.env.APPVIEW_DB),
  ]);
  const { poisoned, failed } = index;
  const { seq, oldest } = events;
  return { firehose: { seq, oldest }, poisoned, failed, ...followingOf(events, index) };
}

function statusOf(
  host: string,
  now: number,
  events: SequencerStatus,
  index: IndexStatus,
): Omit<Status, "streams" | "shortage"> {
  return {
    host,
    time: new Date(now).toISOString(),
    firehose: { seq: events.seq, oldest: events.oldest },
    index: { ...index, ...followingOf(events, index) },
  };
}

function followingOf(
  events: SequencerStatus,
  index: IndexHealth,
): Omit<FollowingStatus, "poisoned" | "failed"> {
  // The index does not store its cursor for events that change nothing in it.
  const cursor = Math.max(index.cursor, events.indexed);
  return {
    lag: Math.max(events.seq - cursor, 0),
    cursor,
    error: events.ingestError,
    lost: events.ingestLost ?? null,
  };
}
