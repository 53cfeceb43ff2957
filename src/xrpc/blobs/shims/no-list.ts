/**
 * Replaces the lists of what `file-type` knows (`WITHIN` in `bundle.ts`): it tells files apart without them, and
 * nothing here asks for them.
 */
export const extensions: readonly string[] = [];
export const mimeTypes: readonly string[] = [];
