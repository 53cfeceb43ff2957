/** Issues labels: stores them, then tells the AppView and the subscribers. */
import type { Did } from "@atcute/lexicons";
import type { Act } from "../identity/unsettled.ts";
import { type WantedLabel, actOf, signLabels } from "../moderation/issue-labels.ts";
import { ModerationLabels } from "../moderation/labels.ts";
import type { SignedLabel } from "../protocol/label.ts";
import { LABELS_NAME } from "../protocol/stations.ts";
import type { SettlingServices } from "./services.ts";

/** Issues labels of this host, `src`. Refuses InvalidRequest for an invalid label. */
export async function issueLabels(
  services: SettlingServices,
  src: Did,
  wanted: readonly WantedLabel[],
): Promise<SignedLabel[]> {
  const { directory, env } = services;
  const labels = await signLabels(directory, src, wanted);
  const [first, ...after] = new ModerationLabels(env.DIRECTORY).adding(labels);
  if (first === undefined) return [];
  const subject = JSON.stringify([...new Set(labels.map(({ uri }) => uri))]);
  const begun = await directory.unsettled.begin({ did: src, kind: "label", subject }, first, { after });
  if (begun !== null) await settleLabels(services, begun.act);
  return labels;
}

/** Tells of labels. All labels of a subject are told in order, so that the last word is the last one. */
export async function settleLabels(services: SettlingServices, act: Act): Promise<void> {
  const { directory, env } = services;
  const labels = new ModerationLabels(env.DIRECTORY);
  const uris: string[] = JSON.parse(act.subject ?? "[]");
  await directory.unsettled.carryOut(act, null, {
    read: () => labels.of(uris),
    async follow(issued) {
      await services.moderate(issued.map(({ label }) => actOf(label)));
      await env.LABELS.getByName(LABELS_NAME).announce();
    },
    holds: (issued) => labels.none(uris, issued.at(-1)?.seq ?? 0),
  });
}
