/** Replaces `pino` (`ALIASES` in `bundle.ts`), by which `@atproto/repo` would log: here it says nothing. */
const silent = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
  child: () => silent,
};

export const pino = () => silent;
export const destination = () => undefined;
