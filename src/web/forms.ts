/** Posted forms. */
import { Buffer } from "node:buffer";
import { readBody, readText } from "../protocol/body.ts";
import { visibleText } from "../protocol/visible-text.ts";

export type Fields = ReadonlyMap<string, string>;

const FORM_MAX = 32 * 1024;
/** The most of a form with a file. */
const UPLOAD_MAX = 300 * 1024;

/**
 * The fields of a posted form, each once; a file as a `data:` URI, empty if none was chosen. Null if the body
 * is no form, or too long to be one of ours.
 * @param most bytes of a form with files
 */
export async function readForm(request: Request, most = UPLOAD_MAX): Promise<Fields | null> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type === "multipart/form-data") return readUpload(request, most);
  if (type !== "application/x-www-form-urlencoded") return null;
  const text = await readText(request, FORM_MAX);
  return text === null ? null : new Map(new URLSearchParams(text));
}

async function readUpload(request: Request, most: number): Promise<Fields | null> {
  const body = await readBody(request, most);
  if (body === null) return null;
  const headers = { "content-type": request.headers.get("content-type") ?? "" };
  const form = await new Response(body, { headers }).formData().catch(() => null);
  if (form === null) return null;
  const fields = await Promise.all(
    [...form].map(async ([name, value]): Promise<[string, string]> => [name, await textOf(value)]),
  );
  return new Map(fields);
}

async function textOf(value: string | File): Promise<string> {
  if (typeof value === "string") return value;
  if (value.size === 0) return "";
  return `data:;base64,${Buffer.from(await value.arrayBuffer()).toString("base64")}`;
}

/** The words of a field: on lines of their own, or with blanks or commas between them. Each stands once. */
export const wordsOf = (fields: Fields, name: string): string[] => [
  ...new Set((fields.get(name) ?? "").split(/[\s,;]+/).filter((word) => word !== "")),
];

/** A field of one line, as its sender sees it; empty if it is missing. */
export const lineOf = (fields: Fields, name: string): string => visibleText(fields.get(name) ?? "");
