/**
 * Replaces `@atproto/lex-resolver` (`ALIASES` in `bundle.ts`): `permission-sets.ts` resolves them. The provider
 * names the class as a default, and knows failures by the error's class.
 */
export class LexResolver {
  constructor() {
    throw new Error("permission sets are resolved by permission-sets.ts");
  }
}

export class LexResolverError extends Error {
  override name = "LexResolverError";
  readonly nsid: string;
  readonly description: string;

  constructor(nsid: string, description = "Could not resolve Lexicon for NSID", options?: ErrorOptions) {
    super(`${description} (${nsid})`, options);
    this.nsid = nsid;
    this.description = description;
  }

  static from(nsid: string, description?: string, options?: ErrorOptions): LexResolverError {
    return new LexResolverError(nsid, description, options);
  }
}
