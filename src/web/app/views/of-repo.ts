/**
 * Views of one person's own repo, for guests of a host whose AppView is elsewhere: their profile, their posts, and
 * what they answered themselves. Likes, replies and names of others are not in it, so they are not shown. The
 * host's takedowns and labels hold as everywhere.
 */
import type { AppBskyActorProfile, AppBskyFeedPost } from "@atcute/bluesky";
import { mainSchema as profileSchema } from "@atcute/bluesky/types/app/actor/profile";
import { mainSchema as postSchema } from "@atcute/bluesky/types/app/feed/post";
import type { GenericUri, ResourceUri } from "@atcute/lexicons";
import { is } from "@atcute/lexicons/validations";
import { ImageUris } from "../../../appview/images.ts";
import { sortInstant } from "../../../appview/instants.ts";
import { selfLabels } from "../../../appview/reads/views/labels.ts";
import { POST, PROFILE, didOf, rkeyOf, uriOf } from "../../../appview/uris.ts";
import type { Member } from "../../../identity/member.ts";
import { type LabelRow, labelsInForce } from "../../../moderation/label-query.ts";
import { at, blobCid, isJson, listOf, textOf } from "../../../protocol/json.ts";
import { Refusal, invalidRequest } from "../../../protocol/refusal.ts";
import type { Local, LocalPost } from "../../../xrpc/proxy/read-after-write/local.ts";
import { passesFilter } from "../../../xrpc/proxy/read-after-write/feeds.ts";
import {
  type OwnPostView,
  type Quotes,
  postView,
  quotedUri,
  quotedView,
} from "../../../xrpc/proxy/read-after-write/posts.ts";
import type { Services } from "../../../xrpc/server/services.ts";
import { type Bound, READS, type Views } from "./of-index.ts";

/** Records that one page looks at. */
const LOOKED_AT = 300;
const AT_ONCE = 100;
/** Posts of the person's own above another one in its thread, and below it. */
const AROUND = 10;
/** Posts that a page's posts quote; of more, only that they are not shown. */
const QUOTED = 15;

interface Found {
  posts: LocalPost[];
  cursor?: string | undefined;
}

/** All that pages may ask; what the repo does not have is refused InvalidRequest. Null: there is nobody yet. */
export function viewsOfRepo(services: Services, person: Member | null): Views {
  const refuse = async () => {
    throw invalidRequest("Not in this repo");
  };
  const refusals = Object.keys(READS).map((name) => [name, refuse]);
  const none = Object.fromEntries(refusals) as Bound<typeof READS>;
  const nothing = { ...none, didOf: async () => null, getFeed: refuse };
  return person === null ? nothing : { ...nothing, ...new RepoViews(services, person).views() };
}

class RepoViews {
  readonly #services: Services;
  readonly #person: Member;
  #known: Promise<Local> | null = null;

  constructor(services: Services, person: Member) {
    this.#services = services;
    this.#person = person;
  }

  views(): Pick<Views, "didOf" | "getProfile" | "getAuthorFeed" | "getThread" | "getOtherReplies"> {
    return {
      didOf: async (actor) => (this.#isPerson(actor) ? this.#person.did : null),
      getProfile: ({ actor }) => this.#profile(actor),
      getAuthorFeed: (asked) => this.#feed(asked),
      getThread: ({ anchor }) => this.#thread(anchor),
      getOtherReplies: async () => ({ thread: [] }),
    };
  }

  #isPerson(actor: string): boolean {
    return actor === this.#person.did || actor.toLowerCase() === this.#person.handle;
  }

  get #account() {
    return this.#services.account(this.#person.did);
  }

  /** Refuses as the AppView does: InvalidRequest for anybody else, AccountTakedown, AccountDeactivated. */
  #assertShown(actor: string): void {
    const { status } = this.#person;
    if (!this.#isPerson(actor)) throw invalidRequest("Profile not found");
    if (status === "active") return;
    throw status === "deactivated"
      ? new Refusal("AccountDeactivated", "Account is deactivated")
      : new Refusal("AccountTakedown", "Account has been suspended");
  }

  #local(): Promise<Local> {
    return (this.#known ??= this.#readLocal());
  }

  async #readLocal(): Promise<Local> {
    const { did, handle } = this.#person;
    const record = await this.#account.getRecord(PROFILE, "self");
    const profile = record !== null && is(profileSchema, record.value) ? record.value : null;
    const images = new ImageUris(this.#services.host.origin);
    return { did, handle, profile, profileIsNew: false, posts: [], oldest: 0, images };
  }

  async #profile(actor: string): Promise<Awaited<ReturnType<Views["getProfile"]>>> {
    this.#assertShown(actor);
    const { did, handle, profile, images } = await this.#local();
    const { rows } = await this.#labels([did, uriOf(did, PROFILE, "self")]);
    const { website } = profile ?? {};
    return {
      did,
      handle,
      displayName: profile?.displayName,
      description: profile?.description || undefined,
      pronouns: profile?.pronouns,
      website: website?.startsWith("https://") ? website : undefined,
      avatar: images.of("avatar", did, blobCid(profile?.avatar)),
      banner: images.of("banner", did, blobCid(profile?.banner)),
      pinnedPost: profile?.pinnedPost,
      labels: [...rows.map(labelOf), ...selfLabels(uriOf(did, PROFILE, "self"), "", profile)],
    };
  }

  #labels(uris: readonly string[]): Promise<{ rows: LabelRow[] }> {
    const { env, host } = this.#services;
    const query = { patterns: uris, sources: [host.did, ...host.formerDids], limit: 250 };
    return labelsInForce(env.DIRECTORY, query, new Date().toISOString());
  }

  async #feed({
    actor,
    limit,
    cursor,
    filter,
    includePins,
  }: Parameters<Views["getAuthorFeed"]>[0]): Promise<Awaited<ReturnType<Views["getAuthorFeed"]>>> {
    this.#assertShown(actor);
    const { did, profile } = await this.#local();
    const pinned = includePins && cursor === undefined ? await this.#pinned(profile) : [];
    const found = await this.#find(limit, cursor, ({ record }) => passesFilter(filter, record, did));
    const posts = [...pinned, ...found.posts];
    const views = await this.#shown(posts);
    const feed = views.map((post, i) => {
      const reply = posts[i]?.record.reply;
      return {
        post,
        ...(i < pinned.length ? { reason: { $type: "app.bsky.feed.defs#reasonPin" as const } } : {}),
        ...(reply === undefined ? {} : { reply: repliedTo(reply, views) }),
      };
    });
    return { feed, cursor: found.cursor };
  }

  async #pinned(profile: AppBskyActorProfile.Main | null): Promise<LocalPost[]> {
    const uri = profile?.pinnedPost?.uri;
    const post = uri === undefined ? null : await this.#post(uri);
    return post === null ? [] : [post];
  }

  /** One of the person's posts by its URI; null for anybody else's, and for what is no post. */
  async #post(uri: string): Promise<LocalPost | null> {
    if (didOf(uri) !== this.#person.did) return null;
    const record = await this.#account.getRecord(POST, rkeyOf(uri));
    return record === null ? null : (postsIn([record])[0] ?? null);
  }

  /** Posts that pass, newest first, among a bounded number. */
  async #find(limit: number, from: string | undefined, passes: (post: LocalPost) => boolean): Promise<Found> {
    const posts: LocalPost[] = [];
    let cursor = from;
    for (let looked = 0; looked < LOOKED_AT; looked += AT_ONCE) {
      const page = await this.#page({ limit: AT_ONCE, cursor });
      for (const post of page.posts) {
        if (!passes(post)) continue;
        posts.push(post);
        if (posts.length === limit) return { posts, cursor: rkeyOf(post.uri) };
      }
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
    return { posts, cursor };
  }

  async #page(page: { limit: number; cursor?: string | undefined; reverse?: boolean }): Promise<Found> {
    const body: unknown = JSON.parse(await this.#account.listRecords(POST, page));
    return { posts: postsIn(listOf(at(body, "records"))), cursor: textOf(at(body, "cursor")) };
  }

  async #shown(posts: readonly LocalPost[]): Promise<OwnPostView[]> {
    const local = await this.#local();
    const [quotes, { rows }] = await Promise.all([
      this.#quotes(posts),
      this.#labels([this.#person.did, ...posts.map(({ uri }) => uri)]),
    ]);
    const labels = rows.map(labelOf);
    const ofPerson = labels.filter(({ uri }) => uri === local.did);
    return posts.map((post) => {
      const view = postView(local, post, quotes);
      const own = labels.filter(
        ({ uri, cid }) => uri === post.uri && (cid === undefined || cid === post.cid),
      );
      return {
        ...view,
        author: {
          ...view.author,
          labels: [...ofPerson, ...selfLabels(uriOf(local.did, PROFILE, "self"), "", local.profile)],
        },
        labels: [...own, ...(view.labels ?? [])],
      };
    });
  }

  /** Own posts as they are; of others' nothing is known here. */
  async #quotes(posts: readonly LocalPost[]): Promise<Quotes> {
    const local = await this.#local();
    const uris = [...new Set(posts.flatMap(({ record }) => quotedUri(record) ?? []))];
    const found = await Promise.all(
      uris.map(async (uri, i) => {
        const post = i < QUOTED ? await this.#post(uri) : null;
        const none = { $type: "app.bsky.embed.record#viewNotFound", uri, notFound: true } as const;
        return [uri, post === null ? none : quotedView(local, post)] as const;
      }),
    );
    return new Map(found);
  }

  async #thread(anchor: ResourceUri): Promise<Thread> {
    this.#assertShown(didOf(anchor));
    const main = await this.#post(anchor);
    if (main === null) return threadOf([{ uri: anchor, depth: 0, value: NOT_FOUND }]);
    const above = await this.#above(main);
    const below = await this.#below(main);
    const views = await this.#shown([...above, main, ...below]);
    const start = above[0]?.record.reply ?? main.record.reply;
    const items = views.map((post, i) => ({ uri: post.uri, depth: i - above.length, value: itemOf(post) }));
    const lost =
      start === undefined ? [] : [{ uri: start.parent.uri, depth: -above.length - 1, value: NOT_FOUND }];
    return threadOf([...lost, ...items]);
  }

  /** The person's own posts that this one answers, the first one first. */
  async #above(main: LocalPost): Promise<LocalPost[]> {
    const found: LocalPost[] = [];
    for (let next = main; found.length < AROUND;) {
      const parent = next.record.reply?.parent.uri;
      const post = parent === undefined ? null : await this.#post(parent);
      if (post === null || found.some(({ uri }) => uri === post.uri)) break;
      found.unshift(post);
      next = post;
    }
    return found;
  }

  /** The author's own continuation: each post that answers the one before, among those written next. */
  async #below(main: LocalPost): Promise<LocalPost[]> {
    const { posts } = await this.#page({ limit: AT_ONCE, cursor: rkeyOf(main.uri), reverse: true });
    const found: LocalPost[] = [];
    for (const post of posts) {
      const last = found.at(-1) ?? main;
      if (post.record.reply?.parent.uri === last.uri && found.length < AROUND) found.push(post);
    }
    return found;
  }
}

const NOT_FOUND = { $type: "app.bsky.unspecced.defs#threadItemNotFound" } as const;

type Thread = Awaited<ReturnType<Views["getThread"]>>;

const threadOf = (thread: Thread["thread"]): Thread => ({
  thread,
  hasOtherReplies: false,
  threadgate: undefined,
});

const itemOf = (post: OwnPostView) =>
  ({
    $type: "app.bsky.unspecced.defs#threadItemPost",
    post,
    moreParents: false,
    moreReplies: 0,
    opThread: false,
    hiddenByThreadgate: false,
    mutedByViewer: false,
  }) as const;

/** The posts among records of a page, as their lexicon has them. */
function postsIn(records: readonly unknown[]): LocalPost[] {
  return records.flatMap((record): LocalPost[] => {
    const [uri, cid, value] = [at(record, "uri"), at(record, "cid"), at(record, "value")];
    if (typeof uri !== "string" || typeof cid !== "string" || !isPostRecord(value)) return [];
    const now = Date.now();
    return [{ uri: uri as ResourceUri, cid, record: value, sort: sortInstant(value.createdAt, now) }];
  });
}

const isPostRecord = (value: unknown): value is AppBskyFeedPost.Main =>
  isJson(value) && is(postSchema, value);

const labelOf = ({ src, uri, cid, val, cts }: LabelRow) => ({
  src,
  uri: uri as GenericUri,
  cid: cid ?? undefined,
  val,
  cts,
});

/** The post that a reply answers, if it is on the same page; the page says so if it is not. */
function repliedTo({ root, parent }: AppBskyFeedPost.ReplyRef, views: readonly OwnPostView[]) {
  const shown = (uri: ResourceUri) => {
    const post = views.find((view) => view.uri === uri);
    return post === undefined
      ? ({ $type: "app.bsky.feed.defs#notFoundPost", uri, notFound: true } as const)
      : ({ ...post, $type: "app.bsky.feed.defs#postView" } as const);
  };
  return { root: shown(root.uri), parent: shown(parent.uri) };
}
