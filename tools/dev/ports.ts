/** Ports on the loopback address. */
import net from "node:net";

export const LOOPBACK = "127.0.0.1";

/** A port that is free at the moment. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/**
 * Checks that a port can be used. Refuses with a `LaunchError` a port that is taken or not allowed; `change`
 * tells how to choose another.
 */
export async function claimPort(port: number, what: string, change: string): Promise<number> {
  try {
    return await listenOnce(port);
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "EADDRINUSE") throw new LaunchError(`Port ${port}, for ${what}, is taken. ${change}`);
    if (code === "EACCES")
      throw new LaunchError(`Port ${port}, for ${what}, needs more rights than this user has. ${change}`);
    throw thrown;
  }
}

/** A problem that the person who starts a host can fix; shown without a stack. */
export class LaunchError extends Error {
  override name = "LaunchError";
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen({ port, host: LOOPBACK }, () => {
      const address = server.address();
      const found = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}

/** Systems pick ports for outgoing connections above this range (Linux from 32768, others from 49152). */
const RANGE = { from: 20_000, to: 32_000 };

/** A free port that stays free, since the system assigns none of this range by itself. */
export async function randomPort(): Promise<number> {
  for (let tried = 0; tried < 50; tried++) {
    const port = RANGE.from + Math.floor(Math.random() * (RANGE.to - RANGE.from));
    try {
      return await listenOnce(port);
    } catch {
      // Taken; there are many others.
    }
  }
  return freePort();
}
