/** Flags of a post in the index (`post.flags`), set by its indexer and asked for by queries. */
export const IS_REPLY = 1;
export const HAS_IMAGE = 2;
export const HAS_VIDEO = 4;
/** A reply in a thread that its own author began. */
export const IN_OWN_THREAD = 8;
/** On a repost's feed entry: the post is not here, or no longer (set by triggers). */
export const DANGLING = 16;
