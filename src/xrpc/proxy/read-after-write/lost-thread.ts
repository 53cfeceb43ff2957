/** A thread that the AppView does not have yet. */
import { type Json, at, isJson } from "../../../protocol/json.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import type { LocalPost } from "./local.ts";
import { newAncestors, notFoundPost, postsInThread, threadPost, withReplies } from "./threads.ts";
import { THREAD, type Splicing, depthOf, isOwn, numberOf, repliesOf, viewsOf } from "./splicing.ts";

/** The lexicon's default. */
const PARENT_HEIGHT = 80;

/** The thread of a post that the AppView does not know. Null if it is not one of the member's new posts. */
export async function lostThread(refusal: Json, on: Splicing): Promise<Json | null> {
  if (refusal.error !== "NotFound") return null;
  const { local, params } = on;
  const [, , repo = "", ...path] = (params.get("uri") ?? "").split("/");
  const uri = `at://${isOwn(repo, local) ? local.did : repo}/${path.join("/")}`;
  const anchor = local.posts.find((post) => post.uri === uri);
  if (anchor === undefined) return null;
  const height = numberOf(params, "parentHeight", PARENT_HEIGHT);
  const above = newAncestors(anchor, local.posts, height);
  const [anchorView, ...aboveViews] = await viewsOf([anchor, ...above], on);
  if (anchorView === undefined) return null;
  const start = threadPost(anchorView);
  const others = local.posts.filter((post) => post !== anchor && !above.includes(post));
  const replies = await repliesOf(postsInThread(start, others), on);
  const thread = withReplies(start, replies, depthOf(on));
  const rest = await threadAbove(above.at(-1) ?? anchor, height - above.length, on);
  const parent = aboveViews.reduceRight<Json | undefined>(
    (higher, view) => ({ ...threadPost(view), parent: higher }),
    rest,
  );
  return { thread: { ...thread, parent } };
}

/**
 * The AppView's view of the topmost new post's parent. Undefined if there is no parent, or if the AppView
 * does not answer.
 */
async function threadAbove(
  { record }: LocalPost,
  height: number,
  { upstream }: Splicing,
): Promise<Json | undefined> {
  const uri = record.reply?.parent.uri;
  if (uri === undefined || height <= 0) return undefined;
  try {
    const params = { uri, depth: "0", parentHeight: String(height - 1) };
    const thread = at(await upstream.ask(THREAD, params), "thread");
    return isJson(thread) ? thread : undefined;
  } catch (thrown) {
    return isRefusal(thrown) && thrown.error === "NotFound" ? notFoundPost(uri) : undefined;
  }
}
