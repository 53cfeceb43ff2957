/** The two forms of an event: the firehose's frame as it is, and the JSON stream's entries. */
import { encodeErrorFrame } from "../../protocol/event-frames.ts";
import type { StreamKind } from "../../protocol/stations.ts";
import type { Told } from "./told.ts";

/** A WebSocket message: binary or text. */
export type Message = Uint8Array | string;

export interface Format {
  readonly kind: StreamKind;
  /** Equal for formats that give the same messages. */
  readonly key: string;
  messages(told: Told): Message[];
  /** The last message to a reader that is cut; null where the stream has none. */
  error(name: string, message: string): Message | null;
}

export const REPOS_FORMAT: Format = {
  kind: "repos",
  key: "repos",
  messages: ({ frame }) => [frame],
  error: encodeErrorFrame,
};
