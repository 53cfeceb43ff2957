/** Labels of a view: first those of labelers, then the author's own. */
import type { ComAtprotoLabelDefs } from "@atcute/atproto";
import type { GenericUri } from "@atcute/lexicons";
import type { Facts } from "../facts.ts";
import { createdInstant, isoOf } from "../../instants.ts";
import { at, listOf, textOf } from "../../../protocol/json.ts";
import { didOf } from "../../uris.ts";

export const labelsOn = (facts: Facts, subject: string): ComAtprotoLabelDefs.Label[] =>
  facts.labels.get(subject)?.labels ?? [];

/** com.atproto.label.defs#selfLabels of a post, profile or labeler record. No other kind has them. */
export function selfLabels(uri: string, cid: string | null, record: unknown): ComAtprotoLabelDefs.Label[] {
  const labels = at(record, "labels");
  if (cid === null || at(labels, "$type") !== "com.atproto.label.defs#selfLabels") return [];
  const cts = isoOf(createdInstant(at(record, "createdAt")));
  return listOf(at(labels, "values")).flatMap((value) => {
    const val = textOf(at(value, "val"));
    return val === undefined ? [] : [{ src: didOf(uri), uri: uri as GenericUri, cid, val, cts }];
  });
}
