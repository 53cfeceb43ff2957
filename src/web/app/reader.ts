/** The member who reads, and what they prefer: the same preferences as in other apps. */
import type { ResourceUri } from "@atcute/lexicons";
import { isResourceUri } from "@atcute/lexicons/syntax";
import type { Member } from "../../identity/member.ts";
import { ownLabelsOf } from "../../protocol/settings/own-labels.ts";
import { type Json, at, isJson, listOf, textOf } from "../../protocol/json.ts";
import type { Services } from "../../xrpc/server/services.ts";
import { type ActingCaller, MODERATORS, actingAs } from "../../xrpc/server/role-policies.ts";
import { CONFIRMED_MS } from "../account/member-visit.ts";
import { Browser, hasBrowserCookie } from "../sign-in/browser.ts";
import { whoIn } from "./acts/choices.ts";
import { labelNow, savedFeeds } from "./acts/wishes.ts";
import { type Labeling, type MutedWord, type Tastes, type Visibility, visibilityOf } from "./judgement.ts";

/** A member who is signed in on this browser. */
export interface Reader {
  member: Member;
  browser: Browser;
  tastes: Tastes;
  /** URIs of the feeds that they have pinned, in their order. */
  pinned: ResourceUri[];
  /** The default of who may reply to their posts: a choice of the form. */
  who: string;
  /** The same as a threadgate has it, for choices that the form does not have; undefined: everybody. */
  rules: unknown;
  /** Their role at the host, if they are a moderator or an owner. */
  acting: ActingCaller | null;
  /** Whether they proved just now who they are. */
  confirmed: boolean;
}

export const labelingOf = ({ host, env }: Pick<Services, "host" | "env">): Labeling => ({
  sources: [host.did, ...host.formerDids],
  labels: ownLabelsOf(env.OWN_LABELS),
});

/** How many pinned feeds have a tab. */
const TABS = 6;

/** The member who signed in last on this browser. Asks no database for a browser without a cookie. */
export async function readerOf(services: Services, request: Request): Promise<Reader | null> {
  if (!hasBrowserCookie(request, services)) return null;
  const secret = await services.directory.secret("JWT_SECRET");
  const browser = await Browser.of(services, secret, request);
  const people = await browser.signedIn();
  const found = people.find(({ stale, member }) => !stale && member.state === "active");
  if (found === undefined) return null;
  const { member, role, at } = found;
  const acting = role !== null && MODERATORS.includes(role) ? actingAs(member.did, role) : null;
  const confirmed = Date.now() - at < CONFIRMED_MS;
  const preferences = await services.account(member.did).getPreferences("app.bsky", true);
  return { member, browser, acting, confirmed, ...wishesOf(preferences, labelingOf(services), Date.now()) };
}

const kindOf = (preference: Json): string =>
  (textOf(preference["$type"]) ?? "").replace(/^app\.bsky\.actor\.defs#/, "");

/** The preferences that matter here (app.bsky.actor.defs#preferences). */
export function wishesOf(
  preferences: readonly Json[],
  labeling: Labeling,
  now: number,
): Pick<Reader, "tastes" | "pinned" | "who" | "rules"> {
  const labels = new Map<string, Visibility>();
  const ownLabels = new Map<string, Visibility>();
  const words: MutedWord[] = [];
  const hidden = new Set<string>();
  let adult = false;
  let rules: unknown;
  for (const preference of preferences) {
    switch (kindOf(preference)) {
      case "adultContentPref":
        adult = preference["enabled"] === true;
        break;
      case "contentLabelPref": {
        const wish = visibilityOf(preference["visibility"]);
        const label = textOf(preference["label"]);
        const labeler = textOf(preference["labelerDid"]);
        if (label === undefined || wish === null) break;
        if (labeler === undefined) labels.set(labelNow(label), wish);
        else if (labeling.sources.includes(labeler)) ownLabels.set(label, wish);
        break;
      }
      case "mutedWordsPref":
        words.push(...listOf(preference["items"]).flatMap((item) => mutedWordOf(item, now)));
        break;
      case "hiddenPostsPref":
        for (const uri of listOf(preference["items"])) if (typeof uri === "string") hidden.add(uri);
        break;
      case "postInteractionSettingsPref":
        rules = preference["threadgateAllowRules"];
        break;
      default:
    }
  }
  const pinned = savedFeeds(preferences).flatMap(pinnedFeed);
  return {
    tastes: { member: true, adult, labels, labeling, ownLabels, words, hidden },
    pinned: pinned.slice(0, TABS),
    who: whoIn(rules),
    rules,
  };
}

function mutedWordOf(item: unknown, now: number): MutedWord[] {
  if (!isJson(item)) return [];
  const [value, expires] = [textOf(item["value"]), textOf(item["expiresAt"])];
  if (value === undefined || value.trim() === "") return [];
  if (expires !== undefined && Date.parse(expires) < now) return [];
  const inText = listOf(item["targets"]).includes("content");
  return [
    { value: value.toLowerCase(), inText, exceptFollowed: item["actorTarget"] === "exclude-following" },
  ];
}

function pinnedFeed(item: unknown): ResourceUri[] {
  const uri = at(item, "value");
  return at(item, "pinned") === true && at(item, "type") === "feed" && isResourceUri(uri) ? [uri] : [];
}
