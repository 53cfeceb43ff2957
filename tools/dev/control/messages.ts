/** Messages between a launcher and the control Worker. */

export interface Migration {
  name: string;
  sql: string;
}

export type DatabaseName = "DIRECTORY" | "APPVIEW_DB";

export type ControlRequest =
  | { do: "migrate"; database: DatabaseName; migrations: Migration[] }
  | { do: "query"; database: DatabaseName; sql: string; values: (string | number | null)[] };

export type Row = Record<string, string | number | null>;

/** `rows` holds a query's result; it is empty for a migration. */
export type ControlAnswer = { rows: Row[] } | { error: string };
