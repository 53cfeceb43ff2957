/** `POST /app/act`: what the buttons of posts and profiles do, as an app would by the XRPC methods. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { isDid } from "@atcute/lexicons/syntax";
import {
  BLOCK,
  FOLLOW,
  LIKE,
  LIST_BLOCK,
  POST,
  REPOST,
  THREADGATE,
  didOf,
  rkeyOf,
} from "../../../appview/uris.ts";
import { at, entryOf, listOf, textOf } from "../../../protocol/json.ts";
import { invalidRequest } from "../../../protocol/refusal.ts";
import type { Fields } from "../../forms.ts";
import { appPart, goOn } from "../answers.tsx";
import { PostActs } from "../parts/acts.tsx";
import type { Post } from "../parts/post-view.ts";
import type { MemberVisit } from "../visit.ts";
import { backOf, postIn, rkeyIn } from "./given.ts";
import { blockList, enlist, listIn, unlist } from "./lists.ts";

/** @param rkey of the record that the act takes back */
type Act = (visit: MemberVisit, fields: Fields, rkey: string | undefined) => Promise<unknown>;

const accountOf = ({ services, reader }: MemberVisit) => services.account(reader.member.did);

const create = (visit: MemberVisit, collection: string, subject: unknown) =>
  accountOf(visit).createRecord({
    collection,
    record: { $type: collection, subject, createdAt: new Date().toISOString() },
    validate: true,
  });

/** Deletes one of the member's own records. */
const take =
  (collection: string): Act =>
  (visit, _, rkey) =>
    accountOf(visit).deleteRecord({ collection, rkey: rkeyIn(rkey) });

const strongRef = (fields: Fields) => ({ uri: postIn(fields), cid: fields.get("cid") ?? "" });

/** Refuses InvalidRequest. */
function personIn(fields: Fields): Did {
  const did = fields.get("did") ?? "";
  if (!isDid(did)) throw invalidRequest("Invalid account");
  return did;
}

const ACTS: Readonly<Record<string, Act>> = {
  like: (visit, fields) => create(visit, LIKE, strongRef(fields)),
  unlike: take(LIKE),
  repost: (visit, fields) => create(visit, REPOST, strongRef(fields)),
  unrepost: take(REPOST),
  bookmark: ({ views }, fields) => views.createBookmark(strongRef(fields)),
  unbookmark: ({ views }, fields) => views.deleteBookmark({ uri: postIn(fields) }),
  follow: (visit, fields) => create(visit, FOLLOW, personIn(fields)),
  unfollow: take(FOLLOW),
  block: (visit, fields) => create(visit, BLOCK, personIn(fields)),
  unblock: take(BLOCK),
  mute: ({ views }, fields) => views.muteActor({ actor: personIn(fields) }),
  unmute: ({ views }, fields) => views.unmuteActor({ actor: personIn(fields) }),
  "mute-thread": ({ views }, fields) => views.muteThread({ root: rootIn(fields) }),
  "unmute-thread": ({ views }, fields) => views.unmuteThread({ root: rootIn(fields) }),
  enlist: (visit, fields) => enlist(visit, fields, personIn(fields)),
  unlist: (visit, _, rkey) => unlist(visit, rkey),
  "mute-list": ({ views }, fields) => views.muteActorList({ list: listIn(fields) }),
  "unmute-list": ({ views }, fields) => views.unmuteActorList({ list: listIn(fields) }),
  "block-list": blockList,
  "unblock-list": take(LIST_BLOCK),
  delete: take(POST),
  hide: (visit, fields) => hideReply(visit, postIn(fields), rootIn(fields)),
};

/** The first post of the thread of the post that a form is about. */
function rootIn(fields: Fields): ResourceUri {
  const root = fields.get("root") ?? "";
  return root === "" ? postIn(fields) : postIn(new Map([["uri", root]]));
}

/** The most replies that a threadgate hides (app.bsky.feed.threadgate). */
const HIDDEN_MOST = 300;

/** Hides a reply in a thread of the member's own: its threadgate names it. */
async function hideReply(visit: MemberVisit, reply: ResourceUri, root: ResourceUri): Promise<void> {
  if (didOf(root) !== visit.reader.member.did) throw invalidRequest("Not your own thread");
  const account = accountOf(visit);
  const rkey = rkeyOf(root);
  const gate = await account.getRecord(THREADGATE, rkey);
  const hidden = listOf(at(gate?.value, "hiddenReplies")).filter((uri) => uri !== reply);
  await account.putRecord({
    collection: THREADGATE,
    rkey,
    record: {
      $type: THREADGATE,
      post: root,
      createdAt: new Date().toISOString(),
      ...gate?.value,
      hiddenReplies: [...hidden, reply].slice(-HIDDEN_MOST),
    },
    validate: true,
    swapRecord: gate?.cid ?? null,
  });
}

/** Does what a button says, and comes back to where it was pressed. Refuses as the method does. */
export async function act(visit: MemberVisit, fields: Fields): Promise<Response> {
  const [name = "", rkey] = (fields.get("do") ?? "").split(" ");
  const found = entryOf(ACTS, name);
  if (found === undefined) throw invalidRequest("Unknown act");
  const made = await found(visit, fields, rkey);
  return (await partOf(visit, fields, name, textOf(at(made, "uri")))) ?? goOn(backOf(fields));
}

/** For the page's script, the post's buttons as they are now; null for a form, or a post that is gone. */
async function partOf(
  { request, views, scene, hasIndex }: MemberVisit,
  fields: Fields,
  name: string,
  made: string | undefined,
): Promise<Response | null> {
  if (!request.headers.has("x-part") || scene.forms === null) return null;
  const { posts } = await views.getPosts({ uris: [postIn(fields)] });
  const [post] = posts;
  const forms = { ...scene.forms, back: backOf(fields) };
  if (post === undefined) return null;
  const shown = hasIndex ? post : afterAct(post, name, made);
  return appPart(<PostActs scene={scene} post={shown} forms={forms} />);
}

/** A post as an act of the reader's leaves it: an AppView elsewhere sees the act seconds later. */
function afterAct(post: Post, name: string, made: string | undefined): Post {
  const [, undoes, kind] = /^(un)?(like|repost)$/.exec(name) ?? [];
  if (kind !== "like" && kind !== "repost") return post;
  const { viewer = {} } = post;
  const isSeen = (viewer[kind] === undefined) === (undoes !== undefined);
  if (isSeen) return post;
  const count = `${kind}Count` as const;
  return {
    ...post,
    [count]: Math.max(0, (post[count] ?? 0) + (undoes === undefined ? 1 : -1)),
    viewer: { ...viewer, [kind]: undoes === undefined ? made : undefined },
  };
}
