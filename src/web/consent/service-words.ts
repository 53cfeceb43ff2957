/** Words for scopes that use other services in the member's name (`rpc:`). */
import { RpcPermission } from "@atproto/oauth-scopes";
import { capital, listedAtMost } from "../pages/words.ts";
import { type Asked, type Parsed, parsedBy } from "./asked.ts";
import { authorityOf } from "./record-words.ts";

/** The topics of methods, by the beginning of their names; the first that fits counts. */
const TOPICS: readonly [start: string, topic: string][] = [
  ["app.bsky.actor.getPreferences", "your preferences"],
  ["app.bsky.actor.putPreferences", "your preferences"],
  ["app.bsky.feed.", "feeds and posts"],
  ["app.bsky.notification.", "your notifications"],
  ["app.bsky.bookmark.", "your bookmarks"],
  ["app.bsky.draft.", "your drafts"],
  ["app.bsky.graph.", "follows, lists, mutes and blocks"],
  ["app.bsky.contact.", "your phone’s contacts"],
  ["app.bsky.actor.", "profiles"],
  ["app.bsky.video.", "videos"],
  ["app.bsky.labeler.", "moderation services"],
  ["com.atproto.moderation.", "reports to moderators"],
  ["com.atproto.sync.", "public data"],
  ["com.atproto.repo.", "public data"],
  ["com.atproto.identity.", "handles"],
  ["app.bsky.", "what an app shows"],
];
const TOPICS_MAX = 3;

const topicOf = (method: string): string =>
  TOPICS.find(([start]) => method.startsWith(start))?.[1] ?? `functions of ${authorityOf(method)}`;

/** Methods that a member should hear of by themselves, in their own words. */
const GRAVE: readonly { is: (method: string) => boolean; words: Omit<Asked, "exactly" | "grave"> }[] = [
  {
    is: (method) => method === "com.atproto.server.createAccount",
    words: {
      icon: "identity",
      title: "Open accounts elsewhere in your name",
      detail: "As when your account moves to another host.",
    },
  },
  {
    is: (method) => method.startsWith("tools.ozone.") || method.startsWith("com.atproto.admin."),
    words: {
      icon: "alert",
      title: "Moderate in your name",
      detail: "Where you are a moderator, it can act like you.",
    },
  },
];

type Rpc = Parsed<RpcPermission>;

const isMessage = (method: string) => method.startsWith("chat.");
const isChatService = (aud: string) => aud.endsWith("#bsky_chat");
const isReading = (method: string) => /\.(get|list|search|check)[A-Z][^.]*$/.test(method);

export function serviceWords(scopes: readonly string[]): Asked[] {
  const all = parsedBy(scopes, (scope) => RpcPermission.fromString(scope));
  const messages = all.filter(
    ({ permission: { aud, lxm } }) => lxm.some(isMessage) || (lxm.includes("*") && isChatService(aud)),
  );
  return [
    ...(messages.length === 0 ? [] : [messageWords(messages)]),
    ...graveWords(all),
    ...useWords(all.filter((each) => !isOnlyGrave(each))),
  ];
}

function messageWords(all: readonly Rpc[]): Asked {
  const methods = all.flatMap(({ permission }) => permission.lxm);
  const reads = methods.every((method) => !isMessage(method) || isReading(method)) && !methods.includes("*");
  return {
    icon: "chat",
    title: reads ? "Read your private messages" : "Read and send your private messages",
    detail: "All conversations, past ones too.",
    exactly: all.map(({ scope }) => scope),
    grave: true,
  };
}

function graveWords(all: readonly Rpc[]): Asked[] {
  return GRAVE.flatMap(({ is, words }): Asked[] => {
    const found = all.filter(({ permission }) => permission.lxm.some(is));
    return found.length === 0 ? [] : [{ ...words, exactly: found.map(({ scope }) => scope), grave: true }];
  });
}

/** Whether the lines above say everything about a scope. */
function isOnlyGrave({ permission: { aud, lxm } }: Rpc): boolean {
  if (lxm.includes("*")) return isChatService(aud);
  return lxm.every((method) => isMessage(method) || GRAVE.some(({ is }) => is(method)));
}

/** One line for each set of topics, with all services that it is about. */
function useWords(all: readonly Rpc[]): Asked[] {
  const byService = Map.groupBy(all, ({ permission }) => permission.aud);
  const uses = [...byService].map(([aud, alike]) => {
    const methods = [...new Set(alike.flatMap(({ permission }) => permission.lxm))];
    return {
      service: aud === "*" ? "any service" : serviceName(aud),
      topics: topicsOf(methods),
      exactly: alike.map(({ scope }) => scope),
    };
  });
  return [...Map.groupBy(uses, ({ topics }) => topics)].map(([topics, alike]): Asked => {
    const services = [...new Set(alike.map(({ service }) => service))];
    return {
      icon: "service",
      title: `Use ${listedAtMost(services, TOPICS_MAX, "other services")} in your name`,
      detail: `${capital(topics)}.`,
      exactly: alike.flatMap(({ exactly }) => exactly),
    };
  });
}

function topicsOf(methods: readonly string[]): string {
  if (methods.includes("*")) return "everything that is offered there";
  const topics = methods
    .filter((method) => !isMessage(method) && !GRAVE.some(({ is }) => is(method)))
    .map(topicOf);
  return listedAtMost([...new Set(topics)], TOPICS_MAX, "other things");
}

/** `did:web:api.bsky.app#bsky_appview` → `api.bsky.app`. */
function serviceName(aud: string): string {
  const [did = "", id = ""] = aud.split("#");
  if (did.startsWith("did:web:")) return decodeURIComponent(did.slice("did:web:".length));
  return id === "" ? did : `the service ${id.replaceAll("_", " ")}`;
}
