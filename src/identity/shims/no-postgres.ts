/** Replaces Postgres's enums in drizzle (`WITHIN` in `bundle.ts`), about which it asks in SQLite too. */
export const isPgEnum = (): boolean => false;
