/**
 * The frames of another host's event stream (event stream spec; lexicon com.atproto.sync.subscribeRepos), with
 * all that a host may send beside events. Reading never throws: the next frame may be good.
 */
import { decode, decodeFirst } from "../cbor.ts";
import { isMap } from "../data-model.ts";
import { decodeEvent } from "../event-frames.ts";
import type { RepoEvent } from "../events.ts";
import { isRefusal } from "../refusal.ts";

/** Most bytes of a frame (sync spec). */
export const FRAME_BYTES = 5_000_000;

export type ForeignFrame =
  | { kind: "event"; event: RepoEvent }
  /** `name`: OutdatedCursor, after which the stream begins where the host's window does. */
  | { kind: "info"; name: string }
  /** The last frame: FutureCursor, ConsumerTooSlow, or what the host calls it. */
  | { kind: "error"; error: string }
  /** A type of message that came after this version: passed over. */
  | { kind: "other"; type: string }
  | { kind: "malformed"; why: string };

/** Longest text of a host's that is kept. */
const WORDS = 100;

const words = (value: unknown): string => (typeof value === "string" ? value.slice(0, WORDS) : "");

const malformed = (why: string): ForeignFrame => ({ kind: "malformed", why });

/** Reads a frame. Byte fields of the event are views of it. */
export function readFrame(frame: Uint8Array): ForeignFrame {
  if (frame.length > FRAME_BYTES) return malformed(`more than ${FRAME_BYTES} bytes`);
  try {
    const [header, rest] = decodeFirst(frame);
    const body = decode(rest);
    if (!isMap(header) || !isMap(body)) return malformed("not an object");
    const { op, t } = header;
    if (op === -1) return { kind: "error", error: words(body["error"]) };
    if (op !== 1 || typeof t !== "string") return malformed("no type");
    if (t === "#info") return { kind: "info", name: words(body["name"]) };
    const event = decodeEvent(t, body);
    return event === null ? { kind: "other", type: words(t) } : { kind: "event", event };
  } catch (thrown) {
    if (isRefusal(thrown)) return malformed(thrown.message);
    throw thrown;
  }
}
