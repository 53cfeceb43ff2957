/**
 * Describes an app's requested scopes in plain words: few lines, what matters most first. Every scope of the
 * grammar has words, and those that can cost an account are marked and say how.
 */
import { IncludeScope } from "@atproto/oauth-scopes";
import { sentence } from "../pages/words.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import { accountWords, identityWords, signInWords, transitionWords } from "./account-words.ts";
import type { Asked } from "./asked.ts";
import { authorityOf, blobWords, repoWords } from "./record-words.ts";
import { serviceWords } from "./service-words.ts";

/** A permission set as its author published it. */
export interface PermissionSet {
  title?: string | undefined;
  detail?: string | undefined;
  permissions: Parameters<IncludeScope["toScopes"]>[0]["permissions"];
}

interface Included {
  /** The author's own words for the set. */
  words: Asked;
  /** The scopes in it. */
  scopes: string[];
}

export function askedFor(scope: string, sets: ReadonlyMap<string, PermissionSet>): Asked[] {
  const scopes = scope.split(" ").filter((each) => each !== "");
  const included = scopes.flatMap((each) => includedBy(each, sets));
  const named = wordsOf(scopes);
  // A set is shown by its author's title. Our own words come before it where the author might play it down.
  const withSets = wordsOf([...scopes, ...included.flatMap((each) => each.scopes)]);
  return withoutRepeats([
    ...withSets.filter(({ grave }) => grave),
    ...included.map(({ words }) => words),
    ...named.filter(({ grave }) => !grave),
    signInWords(),
  ]);
}

/** Folds lines that say the same of different scopes, such as an old one and a new one for messages. */
function withoutRepeats(asked: readonly Asked[]): Asked[] {
  const alike = Map.groupBy(asked, ({ icon, title }) => `${icon} ${title}`);
  return [...alike.values()].flatMap(([first, ...rest]) =>
    first === undefined
      ? []
      : { ...first, exactly: [...new Set([first, ...rest].flatMap(({ exactly }) => exactly))] },
  );
}

const wordsOf = (scopes: readonly string[]): Asked[] => [
  ...identityWords(scopes),
  ...transitionWords(scopes),
  ...serviceWords(scopes),
  ...repoWords(scopes),
  ...blobWords(scopes),
  ...accountWords(scopes),
];

const TITLE_MAX = 80;
const DETAIL_MAX = 200;

function includedBy(scope: string, sets: ReadonlyMap<string, PermissionSet>): Included[] {
  const include = IncludeScope.fromString(scope);
  if (include === null) return [];
  const set = sets.get(include.nsid);
  const authority = authorityOf(include.nsid);
  const scopes =
    set === undefined ? [] : include.toScopes({ type: "permission-set", permissions: set.permissions });
  const detail = visibleText(set?.detail ?? "").slice(0, DETAIL_MAX) || "A set of permissions.";
  const words: Asked = {
    icon: "set",
    title: visibleText(set?.title ?? "").slice(0, TITLE_MAX) || `Use ${authority}`,
    detail: `${sentence(detail)} Defined by ${authority}.`,
    exactly: [scope, ...scopes],
  };
  return [{ words, scopes }];
}
