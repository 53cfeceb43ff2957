/** The input of a splice: the parameters asked with, the member's own records, and their views. */
import type { Upstream } from "../upstream.ts";
import type { Local, LocalPost } from "./local.ts";
import { type OwnPostView, postView } from "./posts.ts";
import { quotesOf } from "./quotes.ts";
import type { OwnReply } from "./threads.ts";

export const THREAD = "app.bsky.feed.getPostThread";
/** The lexicon's default. */
const DEPTH = 6;

export interface Splicing {
  local: Local;
  params: URLSearchParams;
  upstream: Upstream;
}

/** Whether a parameter names the member, by DID or handle. */
export const isOwn = (actor: string | null, { did, handle }: Local) =>
  actor === did || actor?.toLowerCase() === handle.toLowerCase();

export async function viewsOf(posts: LocalPost[], { local, upstream }: Splicing): Promise<OwnPostView[]> {
  const quotes = await quotesOf(posts, local, upstream);
  return posts.map((post) => postView(local, post, quotes));
}

export async function repliesOf(posts: LocalPost[], on: Splicing): Promise<OwnReply[]> {
  const views = await viewsOf(posts, on);
  return views.map((post, i) => ({ post, parent: posts[i]?.record.reply?.parent.uri ?? "" }));
}

export const numberOf = (params: URLSearchParams, name: string, otherwise: number): number =>
  /^\d{1,4}$/.test(params.get(name) ?? "") ? Number(params.get(name)) : otherwise;

export const depthOf = ({ params }: Splicing) => numberOf(params, "depth", DEPTH);
