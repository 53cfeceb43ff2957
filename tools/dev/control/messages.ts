/** Messages between a launcher and the control Worker. */

export type DatabaseName = "DIRECTORY" | "APPVIEW_DB";

export interface ControlRequest {
  database: DatabaseName;
  sql: string;
  values: (string | number | null)[];
}

export type Row = Record<string, string | number | null>;

export type ControlAnswer = { rows: Row[] } | { error: string };
