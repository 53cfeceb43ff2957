/**
 * Views from an AppView elsewhere, asked in a member's name as their apps ask it, with the member's own new
 * records in the answers. What does not fit its lexicon is left out, so that an odd item takes no page with it.
 */
import {
  AppBskyActorGetProfile,
  AppBskyActorSearchActors,
  AppBskyBookmarkCreateBookmark,
  AppBskyBookmarkDeleteBookmark,
  AppBskyBookmarkGetBookmarks,
  AppBskyFeedGetActorFeeds,
  AppBskyFeedGetAuthorFeed,
  AppBskyFeedGetFeed,
  AppBskyFeedGetFeedGenerators,
  AppBskyFeedGetListFeed,
  AppBskyFeedGetPostThread,
  AppBskyFeedGetPosts,
  AppBskyFeedGetTimeline,
  AppBskyFeedSearchPosts,
  AppBskyGraphGetActorStarterPacks,
  AppBskyGraphGetFollowers,
  AppBskyGraphGetFollows,
  AppBskyGraphGetList,
  AppBskyGraphGetLists,
  AppBskyGraphGetListsWithMembership,
  AppBskyGraphGetStarterPack,
  AppBskyGraphMuteActor,
  AppBskyGraphMuteActorList,
  AppBskyGraphMuteThread,
  AppBskyGraphUnmuteActor,
  AppBskyGraphUnmuteActorList,
  AppBskyGraphUnmuteThread,
  AppBskyNotificationGetUnreadCount,
  AppBskyNotificationListNotifications,
  AppBskyNotificationUpdateSeen,
} from "@atcute/bluesky";
import type { Did } from "@atcute/lexicons";
import { isDid } from "@atcute/lexicons/syntax";
import { at, textOf } from "../../../protocol/json.ts";
import { Refusal, isRefusal } from "../../../protocol/refusal.ts";
import { askFor, parseProxyHeader } from "../../../xrpc/proxy/proxy.ts";
import { readUpTo } from "../../../xrpc/proxy/read-after-write/read-up-to.ts";
import type { MethodModule } from "../../../xrpc/server/method.ts";
import type { Services } from "../../../xrpc/server/services.ts";
import { away, fitting } from "./fitting.ts";
import { flatThread } from "./flat-thread.ts";
import type { MemberViews, OWN, READS } from "./of-index.ts";

type Plainly = Exclude<keyof typeof READS | keyof typeof OWN, "getThread" | "getOtherReplies">;

const METHODS: Record<Plainly, MethodModule> = {
  getProfile: AppBskyActorGetProfile,
  getAuthorFeed: AppBskyFeedGetAuthorFeed,
  getPosts: AppBskyFeedGetPosts,
  getFeedGenerators: AppBskyFeedGetFeedGenerators,
  getActorFeeds: AppBskyFeedGetActorFeeds,
  getListFeed: AppBskyFeedGetListFeed,
  getList: AppBskyGraphGetList,
  getLists: AppBskyGraphGetLists,
  getStarterPack: AppBskyGraphGetStarterPack,
  getActorStarterPacks: AppBskyGraphGetActorStarterPacks,
  getFollowers: AppBskyGraphGetFollowers,
  getFollows: AppBskyGraphGetFollows,
  searchActors: AppBskyActorSearchActors,
  searchPosts: AppBskyFeedSearchPosts,
  getTimeline: AppBskyFeedGetTimeline,
  getListsWithMembership: AppBskyGraphGetListsWithMembership,
  listNotifications: AppBskyNotificationListNotifications,
  getUnreadCount: AppBskyNotificationGetUnreadCount,
  updateSeen: AppBskyNotificationUpdateSeen,
  getBookmarks: AppBskyBookmarkGetBookmarks,
  createBookmark: AppBskyBookmarkCreateBookmark,
  deleteBookmark: AppBskyBookmarkDeleteBookmark,
  muteActor: AppBskyGraphMuteActor,
  unmuteActor: AppBskyGraphUnmuteActor,
  muteThread: AppBskyGraphMuteThread,
  unmuteThread: AppBskyGraphUnmuteThread,
  muteActorList: AppBskyGraphMuteActorList,
  unmuteActorList: AppBskyGraphUnmuteActorList,
};

/** How long (ms) a page waits for one answer. */
const PATIENCE_MS = 10_000;
/** The longest answer that a page is made of. */
const ANSWER_BYTES = 4 * 1024 * 1024;

export function viewsElsewhere(services: Services, member: Did, request: Request): MemberViews {
  const ask = (module: MethodModule, asked: object) => answerOf(services, member, request, module, asked);
  const plain = Object.entries(METHODS).map(([name, module]) => [
    name,
    (asked: object) => ask(module, asked),
  ]);
  return {
    // Each answer fits the lexicon of its method.
    ...(Object.fromEntries(plain) as Pick<MemberViews, Plainly>),
    didOf: async (actor) => (isDid(actor) ? actor : services.handles.find(actor).catch(() => null)),
    getFeed: (asked) => ask(AppBskyFeedGetFeed, asked) as ReturnType<MemberViews["getFeed"]>,
    async getThread({ anchor, below }) {
      const found = await ask(AppBskyFeedGetPostThread, { uri: anchor, depth: below });
      const { thread, threadgate } = found as AppBskyFeedGetPostThread.$output;
      return { thread: flatThread(thread), hasOtherReplies: false, threadgate };
    },
    getOtherReplies: async () => ({ thread: [] }),
  };
}

/** Refuses 400 with the AppView's own error name for what is not there; else 502 UpstreamFailure. */
async function answerOf(
  services: Services,
  member: Did,
  request: Request,
  { mainSchema }: MethodModule,
  asked: object,
): Promise<unknown> {
  const { nsid, output } = mainSchema;
  const url = new URL(`/xrpc/${nsid}`, services.host.origin);
  const asking =
    mainSchema.type === "xrpc_query" ? query(url, asked, request) : procedure(url, asked, request);
  const to = parseProxyHeader(services.env.APPVIEW);
  const reply = await askFor(member, to, {
    request: asking,
    url,
    nsid,
    services,
    timeoutMs: PATIENCE_MS,
  }).catch((thrown: unknown) => {
    throw isRefusal(thrown) && thrown.status === 429 ? thrown : away("It could not be asked");
  });
  const text = reply.body === null ? "" : await textIn(reply.body);
  const value = parsed(text);
  if (reply.status === 400 || reply.status === 404) {
    throw new Refusal(
      textOf(at(value, "error")) ?? "InvalidRequest",
      textOf(at(value, "message")) ?? "",
      400,
    );
  }
  if (reply.status !== 200) throw away(`It answered with status ${reply.status}`);
  return output?.type === "lex" ? fitting(output.schema, value) : undefined;
}

function query(url: URL, asked: object, request: Request): Request {
  for (const [name, values] of Object.entries(asked)) {
    for (const value of [values].flat())
      if (value !== undefined) url.searchParams.append(name, String(value));
  }
  return new Request(url, { headers: aboutReader(request) });
}

const procedure = (url: URL, asked: object, request: Request): Request =>
  new Request(url, {
    method: "POST",
    headers: { ...aboutReader(request), "content-type": "application/json" },
    body: JSON.stringify(asked),
  });

function aboutReader(request: Request): Record<string, string> {
  const language = request.headers.get("accept-language");
  return language === null ? {} : { "accept-language": language };
}

async function textIn(body: ReadableStream<Uint8Array>): Promise<string> {
  const { text, drop } = await readUpTo(body, ANSWER_BYTES);
  drop();
  if (text === null) throw away("Its answer is too long");
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
