/** How many rows a read may look at, where no index has them in the order that it wants. */

/** Of one post, account or list, to be sorted: more than a community's members. A larger list shows a part. */
export const SORTED_MOST = 5_000;
/** Of what one account publishes of a kind, such as lists or feeds; and of all that a host has of a kind. */
export const PUBLISHED_MOST = 1_000;
/** Members of a list whose posts its feed shows. */
export const MEMBERS_MOST = 1_000;
