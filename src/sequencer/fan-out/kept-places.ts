/** Readers' places over the object's sleep: in the attachments of their sockets, long options in a table. */
import createOptions from "../../../migrations/fan-out/0001_options.sql";
import { isCount, isJson } from "../../protocol/json.ts";
import { migrate } from "../../protocol/object/schema.ts";
import { Sql } from "../../protocol/object/sql.ts";
import { attachmentOf, restartSocket } from "../../protocol/object/web-socket.ts";
import type { JsonOptions } from "./json/options.ts";
import type { JsonPlace, Place } from "./reader.ts";

const MIGRATIONS = [createOptions];
/** Most characters of options in an attachment, which is written with each batch and holds 16 KB. */
const SHORT = 300;

interface Attachment {
  seq: number | null;
  /** `options` as they are, or the row that has them. */
  json: (Omit<JsonPlace, "options"> & { options: JsonOptions | number }) | null;
}

/** Another version of this code may have attached something else. */
function isAttachment(value: unknown): value is Attachment {
  if (!isJson(value)) return false;
  const { seq, json } = value;
  if (seq !== null && !isCount(seq)) return false;
  if (json === null) return true;
  return (
    isJson(json) &&
    isCount(json["afterUs"]) &&
    typeof json["awaitsHello"] === "boolean" &&
    (isCount(json["options"]) || isOptions(json["options"]))
  );
}

function isOptions(value: unknown): value is JsonOptions {
  if (!isJson(value)) return false;
  const { collections, dids, maxBytes } = value;
  return isNames(collections) && isNames(dids) && isCount(maxBytes);
}

const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

export class KeptPlaces {
  readonly #storage: DurableObjectStorage;
  readonly #rows = new Map<WebSocket, { options: JsonOptions; id: number }>();
  #opened: Sql | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Opens the table, which most objects never need. */
  get #sql(): Sql {
    if (this.#opened === null) {
      migrate(this.#storage, MIGRATIONS);
      this.#opened = new Sql(this.#storage);
    }
    return this.#opened;
  }

  keep(socket: WebSocket, { seq, json }: Place): void {
    const kept = json === null ? null : { ...json, options: this.#optionsOf(socket, json.options) };
    socket.serializeAttachment({ seq, json: kept } satisfies Attachment);
  }

  /** The options if they are short; else the id of their row, written when they change. */
  #optionsOf(socket: WebSocket, options: JsonOptions): JsonOptions | number {
    const row = this.#rows.get(socket);
    if (row?.options === options) return row.id;
    if (row !== undefined) this.forget(socket);
    const json = JSON.stringify(options);
    if (json.length <= SHORT) return options;
    this.#sql.run("INSERT INTO options (json) VALUES (?)", json);
    const id = this.#sql.first<{ id: number }>("SELECT max(id) AS id FROM options")?.id ?? 0;
    this.#rows.set(socket, { options, id });
    return id;
  }

  forget(socket: WebSocket): void {
    const row = this.#rows.get(socket);
    if (row === undefined) return;
    this.#rows.delete(socket);
    this.#sql.run("DELETE FROM options WHERE id = ?", row.id);
  }

  /**
   * The places of sockets that slept. A socket whose place cannot be read is closed: its reader comes back with
   * a cursor. Rows of sockets that are gone are removed.
   */
  restore(sockets: readonly WebSocket[]): Map<WebSocket, Place> {
    const places = new Map<WebSocket, Place>();
    for (const socket of sockets) {
      const place = this.#placeOf(socket);
      if (place === null) restartSocket(socket);
      else places.set(socket, place);
    }
    this.#sweep();
    return places;
  }

  #placeOf(socket: WebSocket): Place | null {
    const attached = attachmentOf(socket);
    if (!isAttachment(attached)) return null;
    const { seq, json } = attached;
    if (json === null) return { seq, json };
    const options = this.#optionsIn(socket, json.options);
    return options === null ? null : { seq, json: { ...json, options } };
  }

  #optionsIn(socket: WebSocket, kept: JsonOptions | number): JsonOptions | null {
    if (typeof kept !== "number") return kept;
    const row = this.#sql.first<{ json: string }>(
      "SELECT json FROM options WHERE id = ? AND json_valid(json)",
      kept,
    );
    if (row === null) return null;
    const options: unknown = JSON.parse(row.json);
    if (!isOptions(options)) return null;
    this.#rows.set(socket, { options, id: kept });
    return options;
  }

  #sweep(): void {
    const hasTable = this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'options'").toArray();
    if (hasTable.length === 0) return;
    const ids = JSON.stringify([...this.#rows.values()].map(({ id }) => id));
    this.#sql.run("DELETE FROM options WHERE id NOT IN (SELECT value FROM json_each(?))", ids);
  }
}
