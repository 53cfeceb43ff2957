/** Records that a post embeds: other posts, feeds, lists, starter packs, labelers. */
import type { Child, FC } from "hono/jsx";
import { type Json, at, entryOf, isJson, textOf } from "../../../protocol/json.ts";
import { feedPath, listPath, nameOf, packPath, postPath, profilePath } from "../addresses.ts";
import { judge } from "../judgement.ts";
import type { Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { Icon, type IconName } from "./icon.tsx";
import { isKept, saidOf } from "./made.tsx";
import { type Basic, Face, titleOf } from "./person.tsx";
import { Covered } from "./cover.tsx";
import { RichText } from "./text.tsx";

/** Makes what the embeds of a quoted post show. */
export type MediaMaker = (scene: Scene, embed: unknown) => Child | null;

/** An account in a view of a record; views have one wherever they have a record. */
const isPerson = (who: unknown): who is Basic =>
  isJson(who) && typeof who["did"] === "string" && typeof who["handle"] === "string";

export function quotedOf(scene: Scene, record: unknown, media: MediaMaker): Child {
  const { words } = scene.speech;
  const kind = textOf(at(record, "$type")) ?? "";
  const gone = (message: string) => <p class="quoted gone">{message}</p>;
  if (!isJson(record)) return gone(words.notFound);
  switch (kind) {
    case "app.bsky.embed.record#viewRecord":
      return <QuotedPost scene={scene} view={record} media={media} />;
    case "app.bsky.embed.record#viewBlocked":
      return gone(words.blocked);
    case "app.bsky.embed.record#viewDetached":
      return gone(words.detached);
    case "app.bsky.embed.record#viewNotFound":
      return gone(words.notFound);
    default:
      return entryOf(RECORDS, kind) === undefined ? (
        gone(words.untold)
      ) : (
        <Record scene={scene} view={record} kind={kind} />
      );
  }
}

interface Kind {
  icon: IconName;
  path: (uri: string, by: Basic) => string;
  says: "feedBy" | "listBy" | "packBy" | "labelerBy";
}

const RECORDS: Readonly<Partial<Record<string, Kind>>> = {
  "app.bsky.feed.defs#generatorView": { icon: "feed", path: feedPath, says: "feedBy" },
  "app.bsky.graph.defs#listView": { icon: "list", path: listPath, says: "listBy" },
  "app.bsky.graph.defs#starterPackViewBasic": { icon: "person", path: packPath, says: "packBy" },
  "app.bsky.labeler.defs#labelerView": { icon: "alert", path: (_, by) => profilePath(by), says: "labelerBy" },
};

const Record: FC<{ scene: Scene; view: Json; kind: string }> = ({ scene, view, kind }) => {
  const { words } = scene.speech;
  const { creator, uri } = view;
  const as = entryOf(RECORDS, kind);
  if (as === undefined || !isPerson(creator) || typeof uri !== "string") return null;
  const labels = labelsOf(view["labels"]);
  if (isKept(scene, { creator, labels })) return <p class="quoted gone">{words.signedInOnly}</p>;
  const named = textOf(view["displayName"]) ?? textOf(view["name"]) ?? textOf(at(view, "record", "name"));
  const { name } = saidOf(scene, { creator, labels, name: named ?? titleOf(creator) });
  return (
    <a class="quoted thing" href={as.path(uri, creator)}>
      <Icon name={as.icon} size={24} />
      <span class="words">
        <b dir="auto">{name}</b>
        <span class="at">{filled(words[as.says], `@${nameOf(creator)}`)}</span>
      </span>
    </a>
  );
};

const QuotedPost: FC<{ scene: Scene; view: Json; media: MediaMaker }> = ({ scene, view, media }) => {
  const { speech, tastes, now } = scene;
  const { author, uri, value } = view;
  if (!isPerson(author) || typeof uri !== "string") return null;
  const labels = [...(author.labels ?? []), ...labelsOf(view["labels"])];
  const judged = judge(labels, tastes);
  if (judged.hidden !== null) {
    return (
      <p class="quoted gone">
        {judged.hidden === "!hide" ? speech.words.hiddenPost : speech.words.signedInOnly}
      </p>
    );
  }
  if (author.viewer?.muted === true || author.viewer?.mutedByList !== undefined) {
    return <p class="quoted gone">{speech.words.mutedByYou}</p>;
  }
  const written = textOf(at(value, "createdAt")) ?? "";
  const [embed] = Array.isArray(view["embeds"]) ? view["embeds"] : [];
  return (
    <blockquote class="quoted">
      <div class="by">
        <Face scene={scene} who={author} size={20} />
        <a class="who" href={postPath(author, uri)}>
          <bdi class="title">{titleOf(author)}</bdi> <bdi class="at">@{nameOf(author)}</bdi>{" "}
          <time datetime={written}>{speech.ago(written, now)}</time>
        </a>
      </div>
      <Covered scene={scene} judged={judged} media={media(scene, at(embed, "media") ?? embed)}>
        <p class="text" dir="auto">
          <RichText text={textOf(at(value, "text")) ?? ""} facets={at(value, "facets")} />
        </p>
      </Covered>
    </blockquote>
  );
};

/** Labels of a view of unknown shape. */
export const labelsOf = (labels: unknown): { val: string; src: string }[] =>
  (Array.isArray(labels) ? labels : []).flatMap((label) => {
    const [val, src] = [textOf(at(label, "val")), textOf(at(label, "src"))];
    return val === undefined || src === undefined ? [] : [{ val, src }];
  });
