/**
 * app.bsky.notification.putActivitySubscription, listActivitySubscriptions: subscriptions to other accounts'
 * posts.
 */
import type { AppBskyActorDefs, AppBskyNotificationDefs } from "@atcute/bluesky";
import type { Did } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { complete, newFacts } from "../../hydration.ts";
import { isoOf } from "../../../instants.ts";
import { checkKept, mayKeep } from "../../queries/kept.ts";
import { millisecondsOf } from "../../queries/private.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { profileView } from "../../views/profile.ts";
import { viewerBlocks } from "../../views/rules.ts";
import type { Plain } from "../../views/typed.ts";
import type { PageParams } from "../fill-page.ts";
import { pagedOwn } from "../paged.ts";

interface Input {
  subject: Did;
  activitySubscription: AppBskyNotificationDefs.ActivitySubscription;
}

/**
 * Subscribes the viewer to the subject's posts, replies or both; neither ends the subscription. The subject's
 * permission is checked when notifications are read, since it may change. Refuses InvalidRequest `Cannot
 * subscribe to own activity`.
 */
export async function putActivitySubscription(
  { directory, viewer, now }: MemberViewContext,
  { subject, activitySubscription }: Input,
): Promise<{ subject: Did; activitySubscription?: AppBskyNotificationDefs.ActivitySubscription }> {
  if (subject === viewer) throw invalidRequest("Cannot subscribe to own activity");
  const { post, reply } = activitySubscription;
  if (!post && !reply) {
    await directory
      .prepare("DELETE FROM activity_subscription WHERE did = ?1 AND subject_did = ?2")
      .bind(viewer, subject)
      .run();
    return { subject };
  }
  const { meta } = await directory
    .prepare(
      `INSERT INTO activity_subscription (did, subject_did, post, reply, created_at)
        SELECT ?1, ?2, ?3, ?4, ?5 WHERE ${mayKeep("activity_subscription")}
        ON CONFLICT (did, subject_did) DO UPDATE SET post = excluded.post, reply = excluded.reply`,
    )
    .bind(viewer, subject, post ? 1 : 0, reply ? 1 : 0, isoOf(now))
    .run();
  if (meta.changes === 0) await checkKept(directory, viewer, "activity_subscription", subject);
  return { subject, activitySubscription };
}

interface Row {
  did: Did;
  sort: number;
  key: string;
}

/** The viewer's subscriptions, latest first, without accounts in a block with the viewer. */
export async function listActivitySubscriptions(reading: MemberViewContext, params: PageParams) {
  const { items, cursor } = await pagedOwn<Row, Plain<AppBskyActorDefs.ProfileView>>(
    reading,
    params,
    `SELECT subject_did AS did, subject_did AS key, ${millisecondsOf("created_at")} AS sort
      FROM activity_subscription WHERE did = ?1`,
    async (rows) => {
      const dids = rows.map(({ did }) => did);
      const facts = await complete(reading, newFacts(reading), { detailed: dids });
      const present = { facts, images: reading.images };
      return dids.flatMap((did) => (viewerBlocks(facts, did) ? [] : (profileView(present, did) ?? [])));
    },
  );
  return { subscriptions: items, cursor };
}
