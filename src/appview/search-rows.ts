/**
 * Row numbers of `post_search`: the order of its rows is that of time, so that a search reads the newest
 * first and stops. An instant has room for many posts; `tie` numbers those of one instant as they come, so no
 * row ever takes another's place. Instants before 1970 are many more, and have less room each.
 */
const ROOM = 2097152;
const ROOM_BEFORE_1970 = 131072;

/** The number of ties that an instant has, by its SQL expression. */
export const roomAt = (sort: string): string =>
  `CASE WHEN ${sort} < 0 THEN ${ROOM_BEFORE_1970} ELSE ${ROOM} END`;

/** The first row of an instant, by its SQL expression, an integer. */
export const firstRowOf = (sort: string): string => `(${sort}) * (${roomAt(sort)})`;

/** The instant, and the tie, of a row number. */
export const sortOfRow = (row: string): string =>
  `CASE WHEN ${row} < 0 THEN ${row} >> 17 ELSE ${row} >> 21 END`;
export const tieOfRow = (row: string): string =>
  `CASE WHEN ${row} < 0 THEN ${row} & ${ROOM_BEFORE_1970 - 1} ELSE ${row} & ${ROOM - 1} END`;

/** The tie of a post that found no room: it is in no search. */
export const NO_ROOM = -1;

/** The first and last instants, in milliseconds, whose rows have 64-bit numbers. */
export const FIRST_INSTANT = -(2 ** 46) + 1;
export const LAST_INSTANT = 2 ** 42 - 1;
