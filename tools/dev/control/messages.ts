/** What a launcher asks of the control Worker, and what it answers. */

export interface Migration {
  name: string;
  sql: string;
}

export type DatabaseName = "DIRECTORY" | "APPVIEW_DB";

export type ControlRequest =
  | { do: "migrate"; database: DatabaseName; migrations: Migration[] }
  | { do: "query"; database: DatabaseName; sql: string; values: (string | number | null)[] };

export type Row = Record<string, string | number | null>;

/** `rows` of a query; none of a migration. */
export type ControlAnswer = { rows: Row[] } | { error: string };
