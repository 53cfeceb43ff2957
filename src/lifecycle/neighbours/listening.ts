/** Reads a host's event stream from a cursor until nothing more comes, and keeps what may concern somebody here. */
import { openSocket } from "../../identity/outbound.ts";
import { FRAME_BYTES } from "../../protocol/neighbour/frames.ts";
import { glance, type Interests } from "../../protocol/neighbour/glance.ts";

/** Bounds of one turn with one host. Times in ms. */
export interface TurnLimits {
  /** How long nothing may come before the turn ends. */
  idle: number;
  longest: number;
  frames: number;
  /** Bytes that come, and of those that are kept. */
  bytes: number;
  kept: number;
}

export const DEFAULT_TURN: TurnLimits = {
  idle: 1_000,
  longest: 15_000,
  frames: 20_000,
  bytes: 64_000_000,
  kept: 8_000_000,
};

export interface Turn {
  /** The frames that may concern somebody here, in order. */
  frames: Uint8Array[];
  /** The seq of the last frame that was looked at; null: none had one. */
  cursor: number | null;
  looked: number;
  /** Whether the turn ended before the stream did: there may be more. */
  isCut: boolean;
}

/**
 * Hears a host. Refuses 502 UpstreamFailure when it cannot be reached, InvalidRequest for an address that may not be
 * requested. No timer and no socket is left behind.
 */
export async function listen(
  origin: string,
  cursor: number | null,
  interests: Interests,
  { limits, local, agent }: { limits: TurnLimits; local: boolean; agent: string },
): Promise<Turn> {
  const url = new URL("/xrpc/com.atproto.sync.subscribeRepos", origin);
  // Without one the stream begins now: a host that is heard first is heard from where its window begins.
  url.searchParams.set("cursor", String(cursor ?? 0));
  const socket = await openSocket(url, { local, headers: { "user-agent": agent } });
  const turn: Turn = { frames: [], cursor: null, looked: 0, isCut: false };
  let [bytes, kept] = [0, 0];
  await new Promise<void>((resolve) => {
    let idle = setTimeout(resolve, limits.idle);
    const longest = setTimeout(() => cut(), limits.longest);
    const end = () => {
      clearTimeout(idle);
      clearTimeout(longest);
      socket.removeEventListener("message", take);
      resolve();
    };
    const cut = () => {
      turn.isCut = true;
      end();
    };
    const take = ({ data }: MessageEvent) => {
      if (!(data instanceof ArrayBuffer)) return;
      clearTimeout(idle);
      idle = setTimeout(end, limits.idle);
      const frame = new Uint8Array(data);
      bytes += frame.length;
      turn.looked++;
      const { seq, wanted } = frame.length > FRAME_BYTES ? TOO_LONG : glance(frame, interests);
      if (wanted !== null) {
        turn.frames.push(frame);
        kept += frame.length;
      }
      if (seq !== null) turn.cursor = seq;
      if (turn.looked >= limits.frames || bytes >= limits.bytes || kept >= limits.kept) cut();
    };
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", take);
    socket.addEventListener("close", end);
    socket.addEventListener("error", end);
    socket.accept();
  });
  try {
    socket.close(1000, "heard");
  } catch {
    // It is closed already.
  }
  return turn;
}

/** Such a frame is not read: the host is told nothing, and what it said is lost. */
const TOO_LONG = { seq: null, wanted: null };
