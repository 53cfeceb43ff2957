/** Writes a post from what the form says: the records are those that the official clients write. */
import type { ResourceUri } from "@atcute/lexicons";
import { resolveActors } from "../../../appview/reads/queries/actors.ts";
import { POST, THREADGATE, isPostUri, uriOf } from "../../../appview/uris.ts";
import type { BatchWrite, JsonObject } from "../../../protocol/account-station.ts";
import { getGraphemeLength } from "../../../protocol/graphemes.ts";
import { at, isJson, textOf } from "../../../protocol/json.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { tidFromMicros } from "../../../protocol/tid.ts";
import type { Fields } from "../../forms.ts";
import { postPath } from "../addresses.ts";
import { goOn } from "../answers.tsx";
import type { Post } from "../parts/post-view.ts";
import type { MemberVisit } from "../visit.ts";
import { keepPicture } from "../cards/card-picture.ts";
import { parseCard } from "../cards/card.ts";
import { rulesOf, warningOf } from "./choices.ts";
import { draftNamed, dropDraft } from "./draft-forms.ts";
import { type FindDid, facetsOf, handlesIn } from "./facets.ts";
import { backOf, parsedField } from "./given.ts";
import { languageIn } from "./languages.ts";

/** The longest text, in graphemes (app.bsky.feed.post). */
export const LONGEST = 300;
/** Pictures of one post (app.bsky.embed.images). */
export const PICTURES = 4;

export type ComposeProblem = "empty" | "tooLong" | "mayNot" | "away" | "refused";

/** The posts that a form answers and quotes; null where it names none that the reader may see. */
export interface About {
  parent: Post | null;
  quoted: Post | null;
}

export async function aboutOf({ views }: MemberVisit, fields: Fields): Promise<About> {
  const [reply, quote] = [fields.get("reply"), fields.get("quote")];
  const uris = [reply, quote].filter((uri): uri is ResourceUri => uri !== undefined && isPostUri(uri));
  const { posts } = uris.length === 0 ? { posts: [] } : await views.getPosts({ uris });
  const named = (uri: string | undefined) => posts.find((post) => post.uri === uri) ?? null;
  return { parent: named(reply), quoted: named(quote) };
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
    const sent = parsedField(fields, `picture${i}`);
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

/** The card that the writer has looked at. Its picture was made by their browser, or is fetched now. */
async function cardIn(visit: MemberVisit, fields: Fields): Promise<JsonObject | null> {
  const card = parseCard(parsedField(fields, "card"));
  if (card === null) return null;
  const { uri, title, description, image } = card;
  const made = at(parsedField(fields, "thumb"), "blob");
  const thumb = isJson(made) ? made : image === null ? null : await keepPicture(visit, image);
  return {
    $type: "app.bsky.embed.external",
    external: { uri, title, description, ...(thumb === null ? {} : { thumb }) },
  };
}

/** Pictures come before a card, as a post has one or the other. */
async function embedOf(visit: MemberVisit, fields: Fields, quoted: Post | null): Promise<JsonObject | null> {
  const images = picturesOf(fields);
  const media = images.length > 0 ? { $type: "app.bsky.embed.images", images } : await cardIn(visit, fields);
  if (quoted === null) return media;
  const record = { $type: "app.bsky.embed.record", record: refOf(quoted) };
  return media === null ? record : { $type: "app.bsky.embed.recordWithMedia", record, media };
}

/** The problem that forbids to answer or quote the post that the form names; null if there is none. */
const forbidden = (fields: Fields, { parent, quoted }: About): boolean => {
  const asked = (name: string) => (fields.get(name) ?? "") !== "";
  return (
    (asked("reply") && (parent === null || parent.viewer?.replyDisabled === true)) ||
    (asked("quote") && (quoted === null || quoted.viewer?.embeddingDisabled === true))
  );
};

/** Writes the post, or says what is wrong with it. */
export async function compose(
  visit: MemberVisit,
  fields: Fields,
  about: About,
): Promise<Response | ComposeProblem> {
  const text = (fields.get("text") ?? "").replaceAll("\r\n", "\n").trim();
  const { parent, quoted } = about;
  if (forbidden(fields, about)) return "mayNot";
  if (getGraphemeLength(text) > LONGEST) return "tooLong";
  const embed = await embedOf(visit, fields, quoted);
  if (text === "" && embed === null) return "empty";
  const rkey = tidFromMicros(Date.now() * 1000, crypto.getRandomValues(new Uint16Array(1))[0]);
  const writes = await writesOf(visit, fields, rkey, {
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
  await dropDraft(visit.reading, fields.get("draft"));
  const own = postPath(visit.reader.member, uriOf(visit.reader.member.did, POST, rkey));
  return goOn(backOf(fields, own));
}

/** Facets, languages and the author's own warning. */
async function described(visit: MemberVisit, fields: Fields, text: string): Promise<JsonObject> {
  const facets = await facetsOf(text, didsFor(visit, text));
  const lang = languageIn(fields.get("lang"));
  const labels = warningOf(fields.get("warning"));
  return {
    ...(facets.length === 0 ? {} : { facets }),
    ...(lang === undefined ? {} : { langs: [lang] }),
    ...(labels === undefined ? {} : { labels }),
  };
}

/** Finds whom a text mentions: members in one query, others one by one. */
function didsFor({ reading, views, hasIndex, services }: MemberVisit, text: string): FindDid {
  const handles = handlesIn(text);
  const known = hasIndex ? resolveActors(reading.db, handles) : null;
  return async (handle) => {
    const did = known === null ? await views.didOf(handle) : ((await known)[handles.indexOf(handle)] ?? null);
    return did ?? services.handles.find(handle).catch(() => null);
  };
}

/**
 * The rule of who may reply; what was chosen in another app is taken from the draft, or from the member's
 * preferences.
 */
async function allowOf({ reading, reader }: MemberVisit, fields: Fields): Promise<unknown> {
  const who = fields.get("who");
  if (who !== "kept") return rulesOf(who);
  const draft = await draftNamed(reading, fields.get("draft"));
  return draft === null ? reader.rules : draft.threadgateAllow;
}

/** The post, and with it who may reply. Only the first post of a thread has a gate. */
async function writesOf(
  visit: MemberVisit,
  fields: Fields,
  rkey: string,
  value: JsonObject,
): Promise<BatchWrite[]> {
  const post: BatchWrite = { action: "create", collection: POST, rkey, value };
  const allow = await allowOf(visit, fields);
  if (allow === undefined || value["reply"] !== undefined) return [post];
  const gate = {
    $type: THREADGATE,
    post: uriOf(visit.reader.member.did, POST, rkey),
    allow,
    createdAt: value["createdAt"],
  };
  return [post, { action: "create", collection: THREADGATE, rkey, value: gate }];
}
