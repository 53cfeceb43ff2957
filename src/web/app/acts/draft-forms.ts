/**
 * Unfinished posts as other apps keep them (app.bsky.draft.defs), and as the form has them. What a draft has
 * that the form does not, such as pictures on another device or further posts, stays in it.
 */
import type { AppBskyDraftDefs } from "@atcute/bluesky";
import { draftSchema } from "@atcute/bluesky/types/app/draft/defs";
import { isTid } from "@atcute/lexicons/syntax";
import { safeParse } from "@atcute/lexicons/validations";
import {
  createDraft,
  deleteDraft,
  getDraft,
  updateDraft,
} from "../../../appview/reads/methods/private/drafts.ts";
import type { MemberViewContext } from "../../../appview/reads/view-context.ts";
import { at, listOf, textOf } from "../../../protocol/json.ts";
import { parseCard } from "../cards/card.ts";
import type { Fields } from "../../forms.ts";
import { rulesOf, warningOf, whoIn } from "./choices.ts";
import { parsedField } from "./given.ts";
import { languageIn } from "./languages.ts";

type Draft = AppBskyDraftDefs.Draft;

export const draftNamed = async (reading: MemberViewContext, id: string | undefined): Promise<Draft | null> =>
  isTid(id) ? getDraft(reading, id) : null;

/** The fields of a draft's form; null if there is no such draft. */
export async function draftFields(reading: MemberViewContext, id: string): Promise<Fields | null> {
  const draft = await draftNamed(reading, id);
  const [post] = draft?.posts ?? [];
  if (draft === null || post === undefined) return null;
  return new Map([
    ["draft", id],
    ["text", post.text],
    ["lang", draft.langs?.[0] ?? ""],
    ["who", whoIn(draft.threadgateAllow)],
    ["warning", textOf(at(listOf(at(post.labels, "values"))[0], "val")) ?? ""],
    ["quote", post.embedRecords?.[0]?.record.uri ?? ""],
    ["away", hasMore(draft) ? "1" : ""],
  ]);
}

/** The beginning of a draft. */
export const draftSummary = ({ posts }: Draft): string => posts[0]?.text ?? "";

/** Whether a draft has what the form cannot show: files on a device, or further posts. */
const hasMore = ({ posts }: Draft): boolean =>
  posts.length > 1 ||
  posts.some(({ embedImages = [], embedVideos = [], embedGallery }) =>
    [...embedImages, ...embedVideos, ...(embedGallery?.items ?? [])].some(() => true),
  );

/** Keeps what a form says. False if no draft can be of it. Refuses DraftLimitReached. */
export async function keepDraft(
  reading: MemberViewContext,
  fields: Fields,
  quoted: { uri: string; cid: string } | null,
): Promise<boolean> {
  const id = fields.get("draft") ?? "";
  const before = await draftNamed(reading, id);
  const parsed = safeParse(draftSchema, drafted(before, fields, quoted));
  if (!parsed.ok) return false;
  const draft: Draft = parsed.value;
  if (before !== null && isTid(id)) await updateDraft(reading, { draft: { id, draft } });
  else await createDraft(reading, { draft });
  return true;
}

function drafted(
  before: Draft | null,
  fields: Fields,
  quoted: { uri: string; cid: string } | null,
): Record<string, unknown> {
  const [first, ...rest] = before?.posts ?? [];
  const lang = languageIn(fields.get("lang"));
  const card = parseCard(parsedField(fields, "card"));
  const { embedRecords: _, embedExternals: __, labels: ___, ...kept } = first ?? {};
  const who = fields.get("who");
  return defined({
    ...before,
    langs: lang === undefined ? before?.langs : [lang],
    threadgateAllow: who === "kept" ? before?.threadgateAllow : rulesOf(who),
    posts: [
      defined({
        ...kept,
        text: (fields.get("text") ?? "").replaceAll("\r\n", "\n"),
        labels: warningOf(fields.get("warning")),
        embedExternals: card === null ? undefined : [{ uri: card.uri }],
        embedRecords: quoted === null ? undefined : [{ record: { uri: quoted.uri, cid: quoted.cid } }],
      }),
      ...rest,
    ],
  });
}

/** Without members that are undefined, which JSON has not. */
const defined = (object: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/** Takes a draft away, whether or not it is there. */
export const dropDraft = async (reading: MemberViewContext, id: string | undefined): Promise<void> => {
  if (isTid(id)) await deleteDraft(reading, { id });
};
