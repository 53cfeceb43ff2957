/** Answers of an AppView elsewhere, held to their lexicon. */
import { type BaseSchema, safeParse } from "@atcute/lexicons/validations";
import { Refusal } from "../../../protocol/refusal.ts";

/** How often odd items are taken out of an answer before it is given up. */
const TRIES = 4;

/** The refusal for an AppView that gives no answer to make a page of. */
export const away = (message: string) => new Refusal("UpstreamFailure", message, 502);

/** The value by its lexicon, without the items of lists that do not fit. Refuses 502 UpstreamFailure. */
export function fitting(schema: BaseSchema, value: unknown): unknown {
  let left = value;
  for (let tries = 0; tries < TRIES; tries++) {
    const result = safeParse(schema, left);
    if (result.ok) return result.value;
    const odd = result.issues.map(({ path }) => path.slice(0, path.findIndex(isIndex) + 1));
    if (odd.some((path) => path.length === 0)) break;
    left = without(left, new Set(odd.map((path) => JSON.stringify(path))), []);
  }
  throw away("Its answer is none");
}

const isIndex = (key: unknown): boolean => typeof key === "number";

/** A copy without the items at these paths. */
function without(value: unknown, odd: ReadonlySet<string>, path: readonly (string | number)[]): unknown {
  if (Array.isArray(value)) return value.filter((_, i) => !odd.has(JSON.stringify([...path, i])));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, without(each, odd, [...path, key])]),
  );
}
