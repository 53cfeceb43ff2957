/** SQLite takes an offset only after a limit, and Drizzle takes no negative one: this limits nothing. */
export const ALL = 2 ** 40;
