/** Posted forms. */
import { readText } from "../protocol/body.ts";
import { visibleText } from "../protocol/visible-text.ts";

export type Fields = ReadonlyMap<string, string>;

const FORM_MAX = 32 * 1024;

/** The fields of a posted form, each once. Null if the body is no form, or too long to be one of ours. */
export async function readForm(request: Request): Promise<Fields | null> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") return null;
  const text = await readText(request, FORM_MAX);
  return text === null ? null : new Map(new URLSearchParams(text));
}

/** A field of one line, as its sender sees it; empty if it is missing. */
export const lineOf = (fields: Fields, name: string): string => visibleText(fields.get(name) ?? "");
