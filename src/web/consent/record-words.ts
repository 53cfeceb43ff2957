/** Words for scopes that write to the member's repository: records (`repo:`) and files (`blob:`). */
import { BlobPermission, RepoPermission } from "@atproto/oauth-scopes";
import { capital, listed, listedAtMost } from "../pages/words.ts";
import { type Asked, type Parsed, parsedBy } from "./asked.ts";
import { entryOf } from "../../protocol/json.ts";

/** Plural names for the kinds of records that people know, the best known first. */
const KINDS: Record<string, string> = {
  "app.bsky.feed.post": "your posts",
  "app.bsky.actor.profile": "your profile",
  "app.bsky.graph.follow": "your follows",
  "app.bsky.graph.block": "your blocks",
  "app.bsky.feed.like": "your likes",
  "app.bsky.feed.repost": "your reposts",
  "app.bsky.graph.list": "your lists",
  "app.bsky.graph.listitem": "who is on your lists",
  "app.bsky.graph.listblock": "your blocked lists",
  "app.bsky.graph.starterpack": "your starter packs",
  "app.bsky.feed.generator": "your feeds",
  "app.bsky.feed.threadgate": "who may reply to your posts",
  "app.bsky.feed.postgate": "who may quote your posts",
  "app.bsky.graph.verification": "your verifications",
  "app.bsky.actor.status": "your status",
  "app.bsky.notification.declaration": "who may get notifications about you",
  "app.bsky.labeler.service": "your labeling service",
  "chat.bsky.actor.declaration": "who may message you",
};
const ORDER = Object.keys(KINDS);

const VERBS = { create: "add", update: "change", delete: "delete" } as const;
type Action = keyof typeof VERBS;
const ACTIONS: readonly Action[] = ["create", "update", "delete"];

const KINDS_MAX = 4;
const ANYTHING = "*";

interface Right {
  actions: Set<Action>;
  scopes: Set<string>;
}

/** The rights to each kind of record, whatever number of scopes says so. */
function rightsOf(all: readonly Parsed<RepoPermission>[]): Map<string, Right> {
  const rights = new Map<string, Right>();
  for (const { scope, permission } of all) {
    for (const collection of permission.collection) {
      const right = rights.get(collection) ?? { actions: new Set(), scopes: new Set() };
      for (const action of permission.action) right.actions.add(action);
      right.scopes.add(scope);
      rights.set(collection, right);
    }
  }
  return rights;
}

const keyOf = ({ actions }: Right) => ACTIONS.filter((action) => actions.has(action)).join(" ");

/** One line for all kinds of records of which the same may be done. */
export function repoWords(scopes: readonly string[]): Asked[] {
  const rights = rightsOf(parsedBy(scopes, (scope) => RepoPermission.fromString(scope)));
  const everything = rights.get(ANYTHING);
  const told = [...rights].filter(
    ([collection, { actions }]) =>
      collection === ANYTHING ||
      everything === undefined ||
      [...actions].some((action) => !everything.actions.has(action)),
  );
  const alike = Map.groupBy(told, ([, right]) => keyOf(right));
  return [...alike.values()].map((some) =>
    recordWords(
      some.map(([collection]) => collection),
      some.flatMap(([, right]) => [...right.scopes]),
      ACTIONS.filter((action) => some[0]?.[1].actions.has(action)),
    ),
  );
}

function recordWords(collections: string[], scopes: string[], actions: readonly Action[]): Asked {
  const verbs = capital(listed(actions.map((action) => VERBS[action])));
  const exactly = [...new Set(scopes)];
  if (collections.includes(ANYTHING)) {
    const icon = "pen" as const;
    const title = `${verbs} anything in your repository`;
    const detail = "Your posts, likes, follows and profile, and the records of every other app.";
    return actions.includes("delete")
      ? { icon, title, detail: `${detail} What is deleted is gone.`, exactly, grave: true }
      : { icon, title, detail, exactly };
  }
  const kinds = collections
    .filter((nsid) => entryOf(KINDS, nsid) !== undefined)
    .toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map((nsid) => entryOf(KINDS, nsid) ?? nsid);
  const others = collections.filter((nsid) => entryOf(KINDS, nsid) === undefined);
  const what = listedAtMost([...kinds, ...appsOf(others)], KINDS_MAX, "other kinds of records");
  return { icon: "pen", title: `${verbs} ${what}`, exactly };
}

/** `com.example.app.note` → `records of example.com`. */
const appsOf = (collections: readonly string[]): string[] => [
  ...new Set(collections.map((nsid) => `records of ${authorityOf(nsid)}`)),
];

/** The domain that speaks for an NSID: `com.example.app.note` → `example.com`. */
export const authorityOf = (nsid: string): string => nsid.split(".").slice(0, 2).toReversed().join(".");

const MEDIA: Record<string, string> = {
  "image/*": "pictures",
  "video/*": "videos",
  "audio/*": "sound",
  "text/*": "texts",
};

export function blobWords(scopes: readonly string[]): Asked[] {
  const all = parsedBy(scopes, (scope) => BlobPermission.fromString(scope));
  if (all.length === 0) return [];
  const accepts = [...new Set(all.flatMap(({ permission }) => permission.accept))];
  const kinds = accepts.includes("*/*")
    ? "files of any kind"
    : listedAtMost(
        accepts.map((accept) => entryOf(MEDIA, accept) ?? `${accept} files`),
        KINDS_MAX,
        "other kinds of files",
      );
  return [{ icon: "image", title: `Upload ${kinds}`, exactly: all.map(({ scope }) => scope) }];
}
