/**
 * A host's use of its plan. Requests, and what they read and write in the databases, are measured
 * (`edge/meter`); changes are counted by the event stream. A Worker does not see how long it computes, nor
 * what its objects are billed, so that is reckoned: changes and requests, times what one of them took in
 * the benchmarks.
 */
import type { Use } from "../../protocol/plan/bill.ts";
import type { Resource } from "../../protocol/plan/prices.ts";

/** The activity between two moments. */
export interface Activity {
  days: number;
  requests: number;
  /** Of the databases, by requests. */
  rowsRead: number;
  rowsWritten: number;
  /** Changes of repos, each an event of the stream. */
  changes: number;
  /** Files that came. */
  files: number;
}

/** The bytes that are stored at a moment. */
export interface Kept {
  databaseBytes: number;
  objectBytes: number;
  fileBytes: number;
}

/**
 * Means of docs/bench/spine.md and docs/bench/community.md of 28 November 2026. The index's rows are those of a
 * post or a like; processor time was measured with the databases in the same process, so it is on the high side.
 */
export const CPU_MS = { change: 4.3, request: 6 } as const;
const CHANGE = {
  cpu: CPU_MS.change,
  objectRequests: 3,
  objectRowsWritten: 7,
  objectRowsRead: 5,
  databaseRowsWritten: 6,
  databaseRowsRead: 8,
};
const REQUEST = { cpu: CPU_MS.request, objectRequests: 0.7, objectRowsRead: 4, fileReads: 0.05 };
/** The schedule's own use: 1,728 runs a day. */
const DAY = {
  requests: 1_728,
  cpu: 1_728 * 5,
  objectRequests: 500,
  databaseRowsRead: 25_000,
  databaseRowsWritten: 500,
};
/** Gigabytes that an object is charged with while it works, and the seconds of a call. */
const OBJECT_GB = 0.128;
const CALL_SECONDS = 0.02;
/** The GB-s that so many calls of objects are charged with. */
export const objectTimeOf = (calls: number): number => calls * CALL_SECONDS * OBJECT_GB;

/** The resources that are reckoned, not measured. */
export const RECKONED: ReadonlySet<Resource> = new Set<Resource>([
  "cpu",
  "objectRequests",
  "objectTime",
  "objectRowsRead",
  "objectRowsWritten",
  "fileReads",
]);

export function useOf(
  { days, requests, rowsRead, rowsWritten, changes, files }: Activity,
  { databaseBytes, objectBytes, fileBytes }: Kept,
): Use {
  const others = Math.max(0, requests - changes);
  const objectRequests =
    changes * CHANGE.objectRequests + others * REQUEST.objectRequests + days * DAY.objectRequests;
  return {
    requests: requests + days * DAY.requests,
    cpu: changes * CHANGE.cpu + others * REQUEST.cpu + days * DAY.cpu,
    databaseRowsRead: rowsRead + changes * CHANGE.databaseRowsRead + days * DAY.databaseRowsRead,
    databaseRowsWritten: rowsWritten + changes * CHANGE.databaseRowsWritten + days * DAY.databaseRowsWritten,
    objectRowsRead: changes * CHANGE.objectRowsRead + others * REQUEST.objectRowsRead,
    objectRowsWritten: changes * CHANGE.objectRowsWritten,
    objectRequests,
    objectTime: objectTimeOf(objectRequests),
    databaseBytes,
    objectBytes,
    fileBytes,
    fileWrites: files,
    fileReads: others * REQUEST.fileReads,
  };
}
