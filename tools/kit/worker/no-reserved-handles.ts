/** `src/identity/reserved-handles.ts` in a test: a bot may be called `bot`. */
export const isReservedName = (): boolean => false;
