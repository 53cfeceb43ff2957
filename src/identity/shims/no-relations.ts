/** Replaces drizzle's relational queries (`WITHIN` in `bundle.ts`): the directory is asked by statements alone. */
const none = (): never => {
  throw new Error("No relations are described");
};

export const createTableRelationsHelpers = none;
export const extractTablesRelationalConfig = none;
export const getOperators = none;
export const getOrderByOperators = none;
export const mapRelationalRow = none;
export const normalizeRelation = none;
export class Many {}
export class One {}
