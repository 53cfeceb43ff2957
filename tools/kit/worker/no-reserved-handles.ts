/** Replaces `reserved-handles.ts` in a test, so that a bot may be called `bot`. */
export const isReservedName = (): boolean => false;
