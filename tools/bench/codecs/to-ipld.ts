import { CID } from "multiformats/cid";
import { fromBytes, isBytes } from "../../../src/protocol/cbor.ts";
import type { LexValue } from "../../../src/protocol/data-model.ts";

/** The value as `@ipld/dag-cbor` takes it, which has CIDs and byte arrays where JSON has `$link` and `$bytes`. */
export function toIpld(value: LexValue): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(toIpld);
  if (isBytes(value)) return fromBytes(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const [[key, only] = []] = entries;
  if (entries.length === 1 && typeof only === "string") {
    if (key === "$link") return CID.parse(only);
    if (key === "$bytes") return fromBytes({ $bytes: only });
  }
  return Object.fromEntries(entries.map(([name, item]) => [name, toIpld(item ?? null)]));
}
