/**
 * Read-after-write, as in the reference's PDS. An upstream AppView sees a member's write seconds later, so
 * its answers to the member are completed with the records it has not seen yet. The AppView reports its
 * position in `atproto-repo-rev`; the completed answer reports its lag, in milliseconds, in
 * `atproto-upstream-lag`. If completing fails, the member gets the AppView's own answer.
 */
import type { Did, Handle } from "@atcute/lexicons";
import { ImageUris } from "../../../appview/images.ts";
import { bodyOf } from "../../../protocol/body.ts";
import { type Json, entryOf, isJson } from "../../../protocol/json.ts";
import { logLine } from "../../../protocol/log-line.ts";
import type { Services } from "../../server/services.ts";
import type { Upstream } from "../upstream.ts";
import { isJsonType } from "../upstream-answer.ts";
import { passesFilter, postsOnPage, withOwnNames, withPosts } from "./feeds.ts";
import { type Local, type LocalPost, localOf } from "./local.ts";
import { withOwnProfile } from "./profiles.ts";
import { readUpTo } from "./read-up-to.ts";
import { postsInThread, withReplies } from "./threads.ts";
import { THREAD, type Splicing, depthOf, isOwn, repliesOf, viewsOf } from "./splicing.ts";
import { lostThread } from "./lost-thread.ts";

/** Maximum size of an answer that is completed; the largest pages have a tenth of it. */
const SPLICED_BYTES = 4 * 1024 * 1024;

/** @returns the completed body, or the same object if there is nothing to add. */
type Splice = (body: Json, on: Splicing) => Json | Promise<Json>;

const SPLICES: Readonly<Record<string, Splice>> = {
  "app.bsky.actor.getProfile": ownProfile,
  "app.bsky.actor.getProfiles": (body, on) => {
    if (!on.local.profileIsNew || !Array.isArray(body.profiles)) return body;
    const profiles: unknown[] = body.profiles;
    return { ...body, profiles: profiles.map((each) => (isJson(each) ? ownProfile(each, on) : each)) };
  },
  "app.bsky.feed.getTimeline": (body, on) => withOwnFeed(body, on.local.posts, on),
  "app.bsky.feed.getAuthorFeed": (body, on) => {
    const { local, params } = on;
    if (!isOwn(params.get("actor"), local)) return body;
    const filter = params.get("filter") ?? "";
    const posts = local.posts.filter(({ record }) => passesFilter(filter, record, local.did));
    return withOwnFeed(body, posts, on);
  },
  "app.bsky.feed.getActorLikes": (body, on) => withOwnFeed(body, [], on),
  [THREAD]: async (body, on) => {
    const { thread } = body;
    if (!isJson(thread)) return body;
    const posts = postsInThread(thread, on.local.posts);
    if (posts.length === 0) return body;
    return { ...body, thread: withReplies(thread, await repliesOf(posts, on), depthOf(on)) };
  },
};

interface Call {
  nsid: string;
  url: URL;
  method: string;
  member: Did;
  services: Services;
  upstream: Upstream;
}

/**
 * Completes the AppView's reply to a member where possible. Refuses 502 UpstreamFailure if the reply breaks
 * off.
 */
export async function withLocalRecords(reply: Response, call: Call): Promise<Response> {
  const splice = entryOf(SPLICES, call.nsid);
  const rev = reply.headers.get("atproto-repo-rev");
  if (splice === undefined || call.method !== "GET" || rev === null || reply.body === null) return reply;
  // A post that the AppView does not find may be too new for it.
  const isLost = call.nsid === THREAD && reply.status === 400;
  if ((reply.status !== 200 && !isLost) || !isJsonType(reply.headers.get("content-type"))) return reply;
  const local = await findLocal(call, rev);
  if (local === null) return reply;
  const { text, whole, drop } = await readUpTo(reply.body, SPLICED_BYTES);
  const asItCame = () => new Response(whole(), reply);
  if (text === null) return asItCame();
  try {
    const body = parsed(text);
    if (!isJson(body)) throw new Error("the answer is no JSON object");
    const on = { local, params: call.url.searchParams, upstream: call.upstream };
    const spliced = isLost ? await lostThread(body, on) : await splice(body, on);
    if (spliced === null) return asItCame();
    const headers = new Headers(reply.headers);
    headers.set("atproto-upstream-lag", String(Math.max(0, Date.now() - local.oldest)));
    drop();
    return new Response(await bodyOf(spliced === body ? text : JSON.stringify(spliced)), { headers });
  } catch (thrown) {
    report(call, thrown);
    return asItCame();
  }
}

/** Returns undefined for invalid JSON; the runtime's own error would quote the text in the log. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function findLocal({ member, services, nsid }: Call, rev: string): Promise<Local | null> {
  try {
    const recent = await services.account(member).recordsSince(rev);
    if (recent === null) return null;
    const account = await services.directory.find(member);
    const handle = (account?.handle ?? "handle.invalid") as Handle;
    return localOf({ did: member, handle, images: new ImageUris(services.host.origin) }, recent, rev);
  } catch (thrown) {
    report({ nsid, member }, thrown);
    return null;
  }
}

const report = ({ nsid, member }: Pick<Call, "nsid" | "member">, thrown: unknown): void =>
  logLine("warn", "read-after-write", { method: nsid, did: member, cause: thrown });

// ------------------------------------------------------------------------------------------------ by method

function ownProfile(view: Json, { local }: Splicing): Json {
  return local.profileIsNew && view.did === local.did ? withOwnProfile(view, local) : view;
}

async function withOwnFeed(body: Json, posts: LocalPost[], on: Splicing): Promise<Json> {
  const { local, params } = on;
  if (!Array.isArray(body.feed)) return body;
  const items: unknown[] = body.feed;
  const page = { items, continues: params.has("cursor"), isLast: body.cursor === undefined };
  const added = postsOnPage(page, posts);
  if (added.length === 0 && !local.profileIsNew) return body;
  const views = await viewsOf(added, on);
  return { ...body, feed: withPosts(withOwnNames(items, local), views) };
}

// ------------------------------------------------------------------------------------------------ lost threads
