/** Writes a post from what the form says: the records are those that the official clients write. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { POST, THREADGATE, isPostUri, uriOf } from "../../../appview/uris.ts";
import type { BatchWrite, JsonObject } from "../../../protocol/account-station.ts";
import { getGraphemeLength } from "../../../protocol/graphemes.ts";
import { at, isJson, textOf } from "../../../protocol/json.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { tidFromMicros } from "../../../protocol/tid.ts";
import type { Fields } from "../../forms.ts";
import { postPath } from "../addresses.ts";
import { goOn } from "../answers.tsx";
import type { Post } from "../parts/post.tsx";
import type { MemberVisit } from "../visit.ts";
import { facetsOf } from "./facets.ts";
import { backOf } from "./given.ts";

/** The longest text, in graphemes (app.bsky.feed.post). */
export const LONGEST = 300;
/** Pictures of one post (app.bsky.embed.images). */
export const PICTURES = 4;

export type ComposeProblem = "empty" | "tooLong" | "mayNot" | "away" | "refused";

const shown = (value: string | undefined): value is ResourceUri => value !== undefined && isPostUri(value);

/** The post that a form answers or quotes; null if it names none that the reader may see. */
export async function postNamed({ views }: MemberVisit, uri: string | undefined): Promise<Post | null> {
  if (!shown(uri)) return null;
  const { posts } = await views.getPosts({ uris: [uri] });
  return posts[0] ?? null;
}

const refOf = ({ uri, cid }: { uri: string; cid: string }) => ({ uri, cid });

function replyTo(parent: Post): JsonObject {
  const root = at(parent.record, "reply", "root");
  const [uri, cid] = [textOf(at(root, "uri")), textOf(at(root, "cid"))];
  return {
    parent: refOf(parent),
    root: uri === undefined || cid === undefined ? refOf(parent) : { uri, cid },
  };
}

/** Pictures that the page's script has sent before (`/app/picture`), each with its text and its shape. */
function picturesOf(fields: Fields): JsonObject[] {
  return Array.from({ length: PICTURES }, (_, i) => i).flatMap((i) => {
    const sent = parsed(fields.get(`picture${i}`) ?? "");
    const blob = at(sent, "blob");
    if (!isJson(blob)) return [];
    const [width, height] = [at(sent, "width"), at(sent, "height")];
    const hasShape = Number.isSafeInteger(width) && Number.isSafeInteger(height);
    return [
      {
        image: blob,
        alt: (fields.get(`alt${i}`) ?? "").slice(0, 10_000),
        ...(hasShape ? { aspectRatio: { width, height } } : {}),
      },
    ];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function embedOf(fields: Fields, quoted: Post | null): JsonObject | null {
  const images = picturesOf(fields);
  const media = images.length === 0 ? null : { $type: "app.bsky.embed.images", images };
  if (quoted === null) return media;
  const record = { $type: "app.bsky.embed.record", record: refOf(quoted) };
  return media === null ? record : { $type: "app.bsky.embed.recordWithMedia", record, media };
}

const RULES: Readonly<Record<string, readonly string[]>> = {
  nobody: [],
  mentioned: ["mentionRule"],
  followed: ["followingRule", "mentionRule"],
  followers: ["followerRule", "mentionRule"],
};

const WARNINGS = new Set(["sexual", "nudity", "porn", "graphic-media"]);

/** Writes the post, or says what is wrong with it. */
export async function compose(visit: MemberVisit, fields: Fields): Promise<Response | ComposeProblem> {
  try {
    return await composed(visit, fields);
  } catch (thrown) {
    if (!visit.hasIndex && isRefusal(thrown) && thrown.error === "UpstreamFailure") return "away";
    throw thrown;
  }
}

async function composed(visit: MemberVisit, fields: Fields): Promise<Response | ComposeProblem> {
  const text = (fields.get("text") ?? "").replaceAll("\r\n", "\n").trim();
  const [parent, quoted] = await Promise.all([
    postNamed(visit, fields.get("reply")),
    postNamed(visit, fields.get("quote")),
  ]);
  const asked = (name: string) => (fields.get(name) ?? "") !== "";
  const mayNot =
    (asked("reply") && (parent === null || parent.viewer?.replyDisabled === true)) ||
    (asked("quote") && (quoted === null || quoted.viewer?.embeddingDisabled === true));
  if (mayNot) return "mayNot";
  const embed = embedOf(fields, quoted);
  if (text === "" && embed === null) return "empty";
  if (getGraphemeLength(text) > LONGEST) return "tooLong";
  const rkey = tidFromMicros(Date.now() * 1000, crypto.getRandomValues(new Uint16Array(1))[0]);
  const writes = writesOf(visit, fields, rkey, {
    $type: POST,
    text,
    ...(await described(visit, fields, text)),
    ...(embed === null ? {} : { embed }),
    ...(parent === null ? {} : { reply: replyTo(parent) }),
    createdAt: new Date().toISOString(),
  });
  try {
    await visit.services.account(visit.reader.member.did).applyWrites({ writes, validate: true });
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.status < 429) return "refused";
    throw thrown;
  }
  const own = postPath(visit.reader.member, uriOf(visit.reader.member.did, POST, rkey));
  return goOn(backOf(fields, own));
}

/** Facets, languages and the author's own warning. */
async function described(
  { views, services }: MemberVisit,
  fields: Fields,
  text: string,
): Promise<JsonObject> {
  const findDid = async (handle: string): Promise<Did | null> =>
    (await views.didOf(handle)) ?? services.handles.find(handle).catch(() => null);
  const facets = await facetsOf(text, findDid);
  const lang = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.exec(fields.get("lang") ?? "")?.[0];
  const warning = fields.get("warning") ?? "";
  return {
    ...(facets.length === 0 ? {} : { facets }),
    ...(lang === undefined ? {} : { langs: [lang] }),
    ...(WARNINGS.has(warning)
      ? { labels: { $type: "com.atproto.label.defs#selfLabels", values: [{ val: warning }] } }
      : {}),
  };
}

/** The post, and with it who may reply. Only the first post of a thread has a gate. */
function writesOf(visit: MemberVisit, fields: Fields, rkey: string, value: JsonObject): BatchWrite[] {
  const post: BatchWrite = { action: "create", collection: POST, rkey, value };
  const wish = fields.get("who") ?? "";
  const rules = Object.hasOwn(RULES, wish) && value["reply"] === undefined ? RULES[wish] : undefined;
  if (rules === undefined) return [post];
  const gate = {
    $type: THREADGATE,
    post: uriOf(visit.reader.member.did, POST, rkey),
    allow: rules.map((rule) => ({ $type: `app.bsky.feed.threadgate#${rule}` })),
    createdAt: value["createdAt"],
  };
  return [post, { action: "create", collection: THREADGATE, rkey, value: gate }];
}
