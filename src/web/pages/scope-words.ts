/**
 * Describes an app's requested scopes in plain words. Every scope of the grammar has a description; dangerous
 * ones are marked.
 */
import {
  AccountPermission,
  BlobPermission,
  IdentityPermission,
  IncludeScope,
  RepoPermission,
  RpcPermission,
} from "@atproto/oauth-scopes";
import type { IconName } from "./icons.tsx";
import { capital, listed } from "./words.ts";

export interface Asked {
  icon: IconName;
  title: string;
  detail?: string;
  /** The scopes themselves, for readers who want the exact terms. */
  exactly: string[];
  /** Whether it can cost the member their account, or lay it bare. */
  grave?: boolean;
  /** The name of its checkbox, if the member may leave it out. */
  optional?: string;
}

/** A permission set as its author published it. */
export interface PermissionSet {
  title?: string | undefined;
  detail?: string | undefined;
  permissions: Parameters<IncludeScope["toScopes"]>[0]["permissions"];
}

/** Plural names for the kinds of records that people know. */
const KINDS: Record<string, string> = {
  "app.bsky.feed.post": "posts",
  "app.bsky.feed.like": "likes",
  "app.bsky.feed.repost": "reposts",
  "app.bsky.feed.threadgate": "who may reply to your posts",
  "app.bsky.feed.postgate": "who may quote your posts",
  "app.bsky.feed.generator": "feeds",
  "app.bsky.graph.follow": "follows",
  "app.bsky.graph.block": "blocks",
  "app.bsky.graph.list": "lists",
  "app.bsky.graph.listitem": "list members",
  "app.bsky.graph.listblock": "blocked lists",
  "app.bsky.graph.starterpack": "starter packs",
  "app.bsky.graph.verification": "verifications",
  "app.bsky.actor.profile": "profile",
  "app.bsky.actor.status": "status",
  "app.bsky.notification.declaration": "who may get notifications about you",
  "app.bsky.labeler.service": "labeling service",
  "chat.bsky.actor.declaration": "who may message you",
};

const VERBS = { create: "add", update: "change", delete: "delete" } as const;

/** The scopes that only let the app see the e-mail address: a member may refuse them and still go on. */
export const EMAIL_SCOPES: ReadonlySet<string> = new Set([
  "transition:email",
  "account:email",
  "account:email?action=read",
]);

export function askedFor(scope: string, sets: ReadonlyMap<string, PermissionSet>): Asked[] {
  const scopes = scope.split(" ").filter((each) => each !== "");
  const words = [
    signIn(),
    ...transition(scopes),
    ...scopes.flatMap((each) => included(each, sets)),
    ...repos(scopes),
    ...blobs(scopes),
    ...services(scopes),
    ...accounts(scopes),
    ...identities(scopes),
  ];
  return words;
}

const signIn = (): Asked => ({
  icon: "person",
  title: "Know who you are",
  detail: "Your handle, and everything on your account that is public anyway.",
  exactly: ["atproto"],
});

function transition(scopes: string[]): Asked[] {
  const asked: Asked[] = [];
  if (scopes.includes("transition:generic")) {
    asked.push({
      icon: "pen",
      title: "Use your account as you would",
      detail:
        "Post, reply, like, follow and block; change your profile and settings; upload pictures; read your feeds and notifications. Not your password, and not your e-mail address.",
      exactly: ["transition:generic"],
    });
  }
  if (scopes.includes("transition:chat.bsky")) {
    asked.push({
      icon: "chat",
      title: "Read and send your private messages",
      detail: "All conversations, past ones too.",
      exactly: ["transition:chat.bsky"],
      grave: true,
    });
  }
  return asked;
}

function included(scope: string, sets: ReadonlyMap<string, PermissionSet>): Asked[] {
  const include = IncludeScope.fromString(scope);
  if (include === null) return [];
  const set = sets.get(include.nsid);
  const authority = include.nsid.split(".").slice(0, 2).toReversed().join(".");
  const exactly =
    set === undefined ? [] : include.toScopes({ type: "permission-set", permissions: set.permissions });
  return [
    {
      icon: "set",
      title: set?.title ?? `Use ${authority}`,
      detail: `${set?.detail ?? "A set of permissions."} Defined by ${authority}.`,
      exactly: [scope, ...exactly],
    },
  ];
}

function repos(scopes: string[]): Asked[] {
  const all = scopes.flatMap((scope) => {
    const permission = RepoPermission.fromString(scope);
    return permission === null ? [] : { scope, permission };
  });
  const byActions = Map.groupBy(all, ({ permission }) => permission.action.join(" "));
  return [...byActions.values()].map((alike): Asked => {
    const actions: readonly (keyof typeof VERBS)[] = alike[0]?.permission.action ?? [];
    const collections = [...new Set(alike.flatMap(({ permission }) => permission.collection))];
    const everything = collections.includes("*");
    const known = collections.map((nsid) => KINDS[nsid]).filter((kind) => kind !== undefined);
    const other = collections.length - known.length;
    const others = other === 1 ? "records of one other kind" : `records of ${other} other kinds`;
    const what = everything
      ? "anything in your repository"
      : listed([
          ...known.map((kind) => (kind.startsWith("who ") ? kind : `your ${kind}`)),
          ...(other > 0 ? [others] : []),
        ]);
    const detail = everything
      ? "Posts, likes, follows, your profile, and the records of every other app."
      : other > 0
        ? listed(collections.filter((nsid) => KINDS[nsid] === undefined).slice(0, 6))
        : undefined;
    return {
      icon: "pen",
      title: `${capital(listed(actions.map((action) => VERBS[action])))} ${what}`,
      ...(detail === undefined ? {} : { detail }),
      exactly: alike.map(({ scope }) => scope),
      grave: everything && actions.includes("delete"),
    };
  });
}

function blobs(scopes: string[]): Asked[] {
  const all = scopes.flatMap((scope) => {
    const permission = BlobPermission.fromString(scope);
    return permission === null ? [] : { scope, permission };
  });
  if (all.length === 0) return [];
  const accepts = [...new Set(all.flatMap(({ permission }) => permission.accept))];
  const kinds = accepts.includes("*/*")
    ? "files of any kind"
    : listed(accepts.map((accept) => MEDIA[accept] ?? `${accept} files`));
  return [{ icon: "image", title: `Upload ${kinds}`, exactly: all.map(({ scope }) => scope) }];
}

const MEDIA: Record<string, string> = {
  "image/*": "pictures",
  "video/*": "videos",
  "audio/*": "sound",
  "text/*": "texts",
};

function services(scopes: string[]): Asked[] {
  const all = scopes.flatMap((scope) => {
    const permission = RpcPermission.fromString(scope);
    return permission === null ? [] : { scope, permission };
  });
  const byService = Map.groupBy(all, ({ permission }) => permission.aud);
  return [...byService].map(([aud, alike]): Asked => {
    const methods = [...new Set(alike.flatMap(({ permission }) => permission.lxm))];
    const private_ = methods.some((lxm) => lxm === "*" || lxm.startsWith("chat."));
    const service = aud === "*" ? "other services" : serviceName(aud);
    const what = methods.includes("*")
      ? "everything it offers"
      : methods.length <= 3
        ? listed(methods.map(methodWords))
        : `${methods.length} of its functions`;
    return {
      icon: private_ ? "chat" : "service",
      title: `Use ${service} in your name`,
      detail: capital(`${what}.`),
      exactly: alike.map(({ scope }) => scope),
      grave: private_,
    };
  });
}

/** `did:web:api.bsky.app#bsky_appview` → `api.bsky.app`. */
function serviceName(aud: string): string {
  const [did = "", id = ""] = aud.split("#");
  if (did.startsWith("did:web:")) return decodeURIComponent(did.slice("did:web:".length));
  return id === "" ? did : `the service ${id.replaceAll("_", " ")}`;
}

/** `app.bsky.feed.getTimeline` → `get timeline`. */
const methodWords = (lxm: string): string =>
  (lxm.split(".").at(-1) ?? lxm).replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();

function accounts(scopes: string[]): Asked[] {
  const email = scopes.filter((scope) => EMAIL_SCOPES.has(scope));
  const asked: Asked[] = [];
  if (email.length > 0) {
    asked.push({ icon: "mail", title: "See your e-mail address", exactly: email, optional: "email" });
  }
  for (const scope of scopes) {
    const permission = AccountPermission.fromString(scope);
    if (permission === null || EMAIL_SCOPES.has(scope)) continue;
    asked.push(accountWords(permission.attr, permission.action.includes("manage"), scope));
  }
  return asked;
}

function accountWords(attr: "email" | "repo" | "status", manage: boolean, scope: string): Asked {
  const exactly = [scope];
  if (attr === "email") {
    return { icon: "mail", title: "See and change your e-mail address", exactly, grave: true };
  }
  if (attr === "repo") {
    return manage
      ? {
          icon: "box",
          title: "Replace everything you ever posted",
          detail: "By importing another repository over yours, as when an account moves.",
          exactly,
          grave: true,
        }
      : { icon: "box", title: "See how your account is stored", exactly };
  }
  return manage
    ? { icon: "person", title: "Switch your account off and on", exactly, grave: true }
    : { icon: "person", title: "See whether your account is switched on", exactly };
}

function identities(scopes: string[]): Asked[] {
  return scopes.flatMap((scope): Asked[] => {
    const permission = IdentityPermission.fromString(scope);
    if (permission === null) return [];
    return permission.attr === "*"
      ? [
          {
            icon: "identity",
            title: "Change your identity, and move your account elsewhere",
            detail: "Whoever may do this can take the account for good.",
            exactly: [scope],
            grave: true,
          },
        ]
      : [{ icon: "identity", title: "Change your handle", exactly: [scope] }];
  });
}
