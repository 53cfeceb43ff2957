/** The head of the page of a feed, a list or a starter pack. */
import type { FC } from "hono/jsx";
import { nameOf, profilePath } from "../addresses.ts";
import { type Preview, briefly } from "../frame/preview.tsx";
import { isPlain, isUncovered, judge } from "../judgement.ts";
import type { Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { Covered } from "./cover.tsx";
import { labelName } from "./label-name.ts";
import type { Basic } from "./person.tsx";

export interface Thing {
  uri: string;
  name: string;
  description?: string | undefined;
  creator: Basic;
  avatar?: string | undefined;
  labels?: readonly { val: string; src: string }[] | undefined;
}

/** The labels of the thing, and of whoever made it. */
const judgeThing = ({ tastes }: Scene, { creator, labels = [] }: Pick<Thing, "creator" | "labels">) =>
  judge([...(creator.labels ?? []), ...labels], tastes);

/** Whether labels keep the thing from this reader. */
export const isKept = (scene: Scene, thing: Pick<Thing, "creator" | "labels">): boolean =>
  judgeThing(scene, thing).hidden !== null;

type Said = Pick<Thing, "name" | "description">;

/** The words about a thing where it is listed: of one under a warning, the warning. */
export function saidOf(scene: Scene, thing: Omit<Thing, "uri">): Said {
  const { cover } = judgeThing(scene, thing);
  return cover === null
    ? thing
    : { name: filled(scene.speech.words.covered, labelName(scene, cover)), description: undefined };
}

/** The preview of a thing; of one that is covered, it says only whose it is. */
export function previewOf(scene: Scene, path: string, thing: Thing): Preview {
  const judged = judgeThing(scene, thing);
  const { uri, name, description, avatar, creator } = thing;
  if (!isUncovered(judged)) return { title: `@${nameOf(creator)}`, path, indexed: false };
  return {
    title: name,
    path,
    indexed: true,
    description: briefly(description ?? ""),
    image: avatar === undefined || !isPlain(judged) ? undefined : { url: avatar },
    type: "profile",
    atUri: uri,
  };
}

interface HeadProps {
  scene: Scene;
  thing: Thing;
  by: string;
}

export const Head: FC<HeadProps> = ({ scene, thing, by }) => {
  const { name, description, creator } = thing;
  const judged = judgeThing(scene, thing);
  const whose = <a href={profilePath(creator)}>{filled(by, `@${nameOf(creator)}`)}</a>;
  const words = description ? (
    <p class="text" dir="auto">
      {description}
    </p>
  ) : null;
  return (
    <div class="head">
      {isUncovered(judged) ? (
        <>
          <h1 dir="auto">{name}</h1>
          <p class="lead">{whose}</p>
          {words}
        </>
      ) : (
        <>
          <h1>{whose}</h1>
          <Covered scene={scene} judged={judged} media={null}>
            <h2 dir="auto">{name}</h2>
            {words}
          </Covered>
        </>
      )}
    </div>
  );
};
