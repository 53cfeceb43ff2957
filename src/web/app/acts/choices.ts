/** The choices of a post's author: who may reply, and a warning. */
import { at, entryOf, listOf, textOf } from "../../../protocol/json.ts";

const RULES: Readonly<Record<string, readonly string[]>> = {
  nobody: [],
  mentioned: ["mentionRule"],
  followed: ["followingRule", "mentionRule"],
  followers: ["followerRule", "mentionRule"],
};

const WARNINGS = new Set(["sexual", "nudity", "porn", "graphic-media"]);

const GATE = "app.bsky.feed.threadgate#";

/** The rules of a threadgate (`allow`); undefined where everybody may reply. */
export const rulesOf = (who: string | undefined): { $type: string }[] | undefined =>
  entryOf(RULES, who ?? "")?.map((rule) => ({ $type: `${GATE}${rule}` }));

/** The choice that stands for these rules; "kept" for others than the form has, such as members of a list. */
export function whoIn(allow: unknown): string {
  if (allow === undefined) return "everybody";
  const rules = listOf(allow).map((rule) => (textOf(at(rule, "$type")) ?? "").replace(GATE, ""));
  const found = Object.entries(RULES).find(
    ([, each]) => each.length === rules.length && each.every((rule) => rules.includes(rule)),
  );
  return found?.[0] ?? "kept";
}

/** The author's own label (com.atproto.label.defs#selfLabels); undefined for none. */
export const warningOf = (warning: string | undefined): object | undefined =>
  warning !== undefined && WARNINGS.has(warning)
    ? { $type: "com.atproto.label.defs#selfLabels", values: [{ val: warning }] }
    : undefined;
