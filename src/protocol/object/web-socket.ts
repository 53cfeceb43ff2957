/** The attachment and the close of a hibernating WebSocket, and refusals on a socket. */
import { encodeErrorFrame } from "../event-frames.ts";

/** The close event's code for a Close without one (RFC 6455, section 7.4.1). */
const NO_CODE = 1005;
const PROTOCOL_ERROR = 1002;
/** The close code of a reader that is refused or cut, and of what it says that does not fit. */
export const POLICY = 1008;

/** The close code of a socket whose place is lost: its other side should connect again (IANA's registry). */
const RESTART = 1012;

export const restartSocket = (socket: WebSocket) => socket.close(RESTART, "place unknown: connect again");

/**
 * The value attached to a socket before the object slept; null if this version of the runtime cannot read
 * it.
 */
export function attachmentOf(socket: WebSocket): unknown {
  try {
    const attached: unknown = socket.deserializeAttachment();
    return attached ?? null;
  } catch {
    return null;
  }
}

/**
 * Answers the Close of a hibernating socket's other side, as RFC 6455 (section 5.5.1) demands. workerd does so
 * only for sockets that do not hibernate. `code` and `reason` are those of the close event. A code that may not
 * be sent is answered with a protocol error.
 */
export function answerClose(socket: WebSocket, code: number, reason: string): void {
  if (code === NO_CODE) return socket.close();
  try {
    socket.close(code, reason);
  } catch {
    socket.close(PROTOCOL_ERROR);
  }
}

/**
 * Accepts a subscription only to refuse it: by an error frame, then close 1008. The socket does not hibernate:
 * workerd keeps the connection of one that does for a while after both sides have closed it.
 */
export function refuseSubscription(error: string, message: string): Response {
  const { 0: client, 1: socket } = new WebSocketPair();
  socket.accept();
  socket.send(encodeErrorFrame(error, message));
  socket.close(POLICY, error);
  return new Response(null, { status: 101, webSocket: client });
}
