/** Answers of DNS over HTTPS, as JSON (application/dns-json). */
import { at, listOf, textOf } from "./json.ts";

/** The values of an answer's TXT records `did=…`, in order; not checked to be DIDs. */
export function didsInTxt(answer: unknown): string[] {
  return listOf(at(answer, "Answer")).flatMap((record) => {
    // DNS splits a long text into quoted pieces.
    const text = (textOf(at(record, "data")) ?? "").replaceAll('" "', "").replaceAll('"', "");
    return text.startsWith("did=") ? [text.slice("did=".length)] : [];
  });
}
