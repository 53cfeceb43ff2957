/** Reads `wrangler.toml`, the one place that defines vars and compatibility. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "smol-toml";

export const ROOT = path.resolve(import.meta.dirname, "../..");

export interface D1Binding {
  binding: string;
  name: string;
  /** Null: it is found by its name. */
  id: string | null;
}

export interface R2Binding {
  binding: string;
  name: string;
  /** The law that the bucket stays under, such as that of the EU; null: none in particular. */
  jurisdiction: string | null;
}

/** A class of Durable Objects. All of this Worker's keep their state in SQLite. */
export interface ObjectBinding {
  binding: string;
  className: string;
}

/** The runtime's compatibility settings, under Miniflare's names. */
export interface Compatibility {
  compatibilityDate: string;
  compatibilityFlags: string[];
}

export interface WranglerFile {
  name: string;
  accountId: string | null;
  compatibility: Compatibility;
  vars: Record<string, string>;
  databases: D1Binding[];
  buckets: R2Binding[];
  objects: ObjectBinding[];
  /** When the Worker's schedule runs, as cron expressions. */
  crons: string[];
}

/** The Worker's stores by binding, under Miniflare's names. */
export interface Stores {
  d1Databases: Record<string, string>;
  r2Buckets: Record<string, string>;
  durableObjects: Record<string, { className: string; useSQLite: true }>;
}

export function storesOf({
  databases,
  buckets,
  objects,
}: Pick<WranglerFile, "databases" | "buckets" | "objects">): Stores {
  return {
    d1Databases: Object.fromEntries(databases.map(({ binding, name }) => [binding, name])),
    r2Buckets: Object.fromEntries(buckets.map(({ binding, name }) => [binding, name])),
    durableObjects: Object.fromEntries(
      objects.map(({ binding, className }) => [binding, { className, useSQLite: true }]),
    ),
  };
}

export function readWranglerFile(file = path.join(ROOT, "wrangler.toml")): WranglerFile {
  const toml = parse(readFileSync(file, "utf8"));
  const date = toml.compatibility_date;
  if (typeof date !== "string") throw new Error(`${file} has no compatibility_date`);
  const flags = Array.isArray(toml.compatibility_flags) ? toml.compatibility_flags.map(String) : [];
  return {
    name: text(toml, "name") ?? "atoll",
    accountId: text(toml, "account_id"),
    compatibility: { compatibilityDate: date, compatibilityFlags: flags },
    vars: strings(toml.vars, "vars", file),
    databases: tables(toml.d1_databases).map((table) => ({
      binding: text(table, "binding") ?? "",
      name: text(table, "database_name") ?? "",
      id: text(table, "database_id") || null,
    })),
    buckets: tables(toml.r2_buckets).map((table) => ({
      binding: text(table, "binding") ?? "",
      name: text(table, "bucket_name") ?? "",
      jurisdiction: text(table, "jurisdiction"),
    })),
    objects: tables(objectsIn(toml.durable_objects)).map((table) => ({
      binding: text(table, "name") ?? "",
      className: text(table, "class_name") ?? "",
    })),
    crons: listIn(toml.triggers, "crons"),
  };
}

function listIn(table: unknown, key: string): string[] {
  const value: unknown = Object.entries(table ?? {}).find(([name]) => name === key)?.[1];
  return Array.isArray(value) ? value.map(String) : [];
}

const objectsIn = (table: unknown): unknown =>
  typeof table === "object" && table !== null && "bindings" in table ? table.bindings : [];

function tables(value: unknown): object[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "object" && item !== null) : [];
}

function text(table: object, key: string): string | null {
  const value: unknown = Object.entries(table).find(([name]) => name === key)?.[1];
  return typeof value === "string" ? value : null;
}

function strings(table: unknown, name: string, file: string): Record<string, string> {
  const entries = Object.entries(table ?? {});
  const wrong = entries.find(([, value]) => typeof value !== "string");
  if (wrong !== undefined) throw new Error(`${file}: [${name}] ${wrong[0]} is not a string`);
  return Object.fromEntries(entries);
}
