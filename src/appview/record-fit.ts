/**
 * Records in bounded bytes. A repo may hold records of a megabyte, of which a lexicon knows little; every
 * answer that shows them would be as large. So the index keeps a large record without what its lexicon does
 * not have, and of what it has, as much as fits: long free texts are cut, long lists end early. The repo, and
 * getRecord, keep it whole. Sizes are bytes of JSON.
 */
import { Buffer } from "node:buffer";
import type {
  ArraySchema,
  BaseSchema,
  ObjectSchema,
  OptionalSchema,
  RecordSchema,
  StringSchema,
  VariantSchema,
} from "@atcute/lexicons/validations";
import { safeParse } from "@atcute/lexicons/validations";
import { type Json, isJson, listOf } from "../protocol/json.ts";

/** A record of up to this many bytes of DAG-CBOR is kept as it is, as in the reference. */
const KEPT_WHOLE = 4_000;
/** The most bytes of a union's member that its lexicon does not know. */
const STRANGE = 1_000;
/** A single value of up to this many bytes keeps its room whatever the others take; no lexicon allows more. */
const SINGLE = 3_100;
/** More than any limit has room for: characters of a text, entries of a list. */
const LONGEST = 64_000;
const ENTRIES = 1_000;
/** How many bytes each entry of a list that is too long may count on. */
const ENTRY = 512;

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * Fits a record, of `size` bytes of DAG-CBOR, into `limit` bytes. A small one stays as it is; null if no valid
 * record fits.
 */
export function fitted(schema: BaseSchema, record: Json, size: number, limit: number): Json | null {
  if (size <= Math.min(KEPT_WHOLE, limit)) return record;
  const known = knownPart(schema, record);
  const fits = shortened(schema, known, limit);
  return isJson(fits) && safeParse(schema, fits).ok ? fits : null;
}

/** A valid record in `limit` bytes, or whole if it cannot be shortened. */
export function brief<Record extends object>(schema: BaseSchema, record: Record, limit: number): Record {
  const short = shortened(schema, record, limit);
  // It is valid by the same schema as what it is made from.
  return safeParse(schema, short).ok ? (short as Record) : record;
}

const isRecord = (schema: BaseSchema): schema is RecordSchema<ObjectSchema, StringSchema> =>
  schema.type === "record";
const isWrapper = (schema: BaseSchema): schema is OptionalSchema =>
  schema.type === "optional" || schema.type === "nullable";
const isObject = (schema: BaseSchema): schema is ObjectSchema<Record<string, BaseSchema>> =>
  schema.type === "object";
const isArray = (schema: BaseSchema): schema is ArraySchema => schema.type === "array";
const isVariant = (schema: BaseSchema): schema is VariantSchema => schema.type === "variant";
const isFreeText = (schema: BaseSchema): schema is StringSchema =>
  schema.type === "string" && "format" in schema && schema.format === null;

/** The schema of a value; undefined for a union's member that the lexicon does not know. */
function schemaFor(schema: BaseSchema, value: unknown): BaseSchema | undefined {
  if (isRecord(schema)) return schema.object;
  if (isWrapper(schema)) return value === null ? schema : schemaFor(schema.wrapped, value);
  if (!isVariant(schema)) return schema;
  const type = isJson(value) ? value.$type : undefined;
  const member = schema.members.find((one) => typeOf(one) === type);
  return member && schemaFor(member, value);
}

function typeOf(member: BaseSchema): unknown {
  const object = isRecord(member) ? member.object : member;
  const type: unknown = isObject(object) ? object.shape["$type"] : undefined;
  const literal = isSchema(type) && isWrapper(type) ? type.wrapped : type;
  return isSchema(literal) && "expected" in literal ? literal.expected : undefined;
}

const isSchema = (value: unknown): value is BaseSchema => isJson(value) && value.kind === "schema";

/**
 * A value without what its schema does not have, nor what is beyond any limit: only that much is looked at
 * more closely.
 */
function knownPart(schema: BaseSchema, value: unknown): unknown {
  const own = schemaFor(schema, value);
  if (own === undefined) return sizeOf(value) <= STRANGE || !isJson(value) ? value : { $type: value.$type };
  if (typeof value === "string" && isFreeText(own)) return value.slice(0, LONGEST);
  if (isArray(own))
    return listOf(value)
      .slice(0, ENTRIES)
      .map((item) => knownPart(own.item, item));
  if (!isObject(own) || !isJson(value)) return value;
  return Object.fromEntries(
    Object.entries(own.shape).flatMap(([key, inner]) =>
      value[key] === undefined ? [] : [[key, knownPart(inner, value[key])]],
    ),
  );
}

/** A value in at most `room` bytes; undefined if it does not fit and cannot be cut. */
function shortened(schema: BaseSchema, value: unknown, room: number): unknown {
  if (sizeOf(value) <= room) return value;
  const own = schemaFor(schema, value);
  if (own === undefined) return undefined;
  if (isArray(own)) return shortenedList(own.item, listOf(value), room);
  if (isObject(own) && isJson(value)) return shortenedObject(own.shape, value, room);
  return typeof value === "string" && isFreeText(own) ? cut(value, room) : undefined;
}

/** The field's own overhead: its name, quotation marks, colon and comma. */
const OVERHEAD = 4;

function shortenedObject(shape: Record<string, BaseSchema>, value: Json, room: number): Json {
  const fields = Object.entries(value).map(([key, inner]) => ({ key, inner, size: sizeOf(inner) }));
  const single = ({ inner, size }: { inner: unknown; size: number }) =>
    size <= SINGLE && (typeof inner !== "object" || inner === null);
  const taken = fields.reduce(
    (sum, field) => sum + field.key.length + OVERHEAD + (single(field) ? field.size : 0),
    2,
  );
  const level = levelOf(
    fields.filter((field) => !single(field)).map(({ size }) => size),
    room - taken,
  );
  return Object.fromEntries(
    fields.flatMap((field) => {
      const { key, inner } = field;
      const schema = shape[key];
      const kept = single(field) || schema === undefined ? inner : shortened(schema, inner, level);
      return kept === undefined ? [] : [[key, kept]];
    }),
  );
}

/** The entries in front that can have a share each. */
function shortenedList(item: BaseSchema, list: unknown[], room: number): unknown[] {
  const sizes = list.map((entry) => sizeOf(entry) + 1);
  let count = 0;
  for (let sum = 2; count < sizes.length; count++) {
    sum += Math.min(sizes[count] ?? 0, ENTRY);
    if (sum > room) break;
  }
  const level = levelOf(sizes.slice(0, count), room - 2);
  return list.slice(0, count).flatMap((entry) => {
    const kept = shortened(item, entry, level - 1);
    return kept === undefined ? [] : [kept];
  });
}

/** The most that each may have so that all together have at most `room`: small ones leave theirs to others. */
function levelOf(sizes: readonly number[], room: number): number {
  let left = Math.max(room, 0);
  for (const [i, size] of sizes.toSorted((a, b) => a - b).entries()) {
    const share = Math.floor(left / (sizes.length - i));
    if (size > share) return share;
    left -= size;
  }
  return Infinity;
}

function cut(text: string, room: number): string {
  let end = text.length;
  for (;;) {
    const piece = text.slice(0, end).toWellFormed();
    const size = sizeOf(piece);
    if (size <= room || end === 0) return piece.replace(/\ufffd$/, "");
    end = Math.min(end - 1, Math.floor((end * room) / size));
  }
}
