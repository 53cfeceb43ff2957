/**
 * Replaces `@hapi/accept` and `@hapi/content` (`ALIASES` in `bundle.ts`). The provider negotiates languages and
 * types only in its own routes and pages, which this host does not use.
 */
const unused = (): never => {
  throw new Error("nothing is negotiated here");
};

export { unused as languages, unused as mediaType, unused as type };
