/** The head of the page of a feed, a list or a starter pack. */
import type { FC } from "hono/jsx";
import { nameOf, profilePath } from "../addresses.ts";
import { type Preview, briefly } from "../frame/preview.tsx";
import { judge } from "../judgement.ts";
import type { Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import type { Basic } from "./person.tsx";

export interface Thing {
  uri: string;
  name: string;
  description?: string | undefined;
  creator: Basic;
  avatar?: string | undefined;
  labels?: readonly { val: string; src: string }[] | undefined;
}

/** Whether labels keep the thing, or whoever made it, from this reader. */
export const isKept = ({ tastes }: Scene, { creator, labels = [] }: Thing): boolean =>
  judge([...(creator.labels ?? []), ...labels], tastes).hidden !== null;

export const previewOf = (path: string, { uri, name, description, avatar }: Thing): Preview => ({
  title: name,
  path,
  indexed: true,
  description: briefly(description ?? ""),
  image: avatar === undefined ? undefined : { url: avatar },
  type: "profile",
  atUri: uri,
});

export const Head: FC<{ thing: Thing; by: string }> = ({ thing: { name, description, creator }, by }) => (
  <div class="head">
    <h1 dir="auto">{name}</h1>
    <p class="lead">
      <a href={profilePath(creator)}>{filled(by, `@${nameOf(creator)}`)}</a>
    </p>
    {description ? (
      <p class="text" dir="auto">
        {description}
      </p>
    ) : null}
  </div>
);
