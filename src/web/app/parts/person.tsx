/** Accounts: a face, a name, a row in a list. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { FC, PropsWithChildren } from "hono/jsx";
import { linkOf, nameOf, profilePath } from "../addresses.ts";
import { isPlain, isUncovered, judge } from "../judgement.ts";
import type { Scene } from "../visit.ts";
import { Icon } from "./icon.tsx";
import { FoundText } from "./text.tsx";

export type Basic = Pick<
  AppBskyActorDefs.ProfileViewBasic,
  "did" | "handle" | "displayName" | "avatar" | "labels" | "verification" | "viewer"
>;

/** The name that a person has given themselves, else their handle. */
export const titleOf = ({ displayName, ...who }: Basic): string => displayName?.trim() || nameOf(who);

/** The address of an avatar in the size of a post's. */
const smallFace = (avatar: string): string => avatar.replace("/img/avatar/", "/img/avatar_thumbnail/");

interface FaceProps {
  scene: Scene;
  who: Basic;
  size?: number;
}

/** The picture of an account; its first letter if it has none, or if it is not to be shown. */
export const Face: FC<FaceProps> = ({ scene, who, size = 44 }) => {
  const avatar = linkOf(who.avatar);
  if (avatar !== null && isPlain(judge(who.labels ?? [], scene.tastes))) {
    const source = size > 64 ? avatar : smallFace(avatar);
    return <img class="face" src={source} alt="" width={size} height={size} loading="lazy" />;
  }
  return (
    <span class={`face letter${size > 64 ? " large" : ""}`} aria-hidden="true">
      {Array.from(titleOf(who))[0]?.toUpperCase()}
    </span>
  );
};

/** Name and handle, as one link. */
export const Name: FC<{ scene: Scene; who: Basic }> = ({ scene, who }) => (
  <a class="who" href={profilePath(who)}>
    <bdi class="title">{titleOf(who)}</bdi>
    <Verified scene={scene} who={who} /> <bdi class="at">@{nameOf(who)}</bdi>
  </a>
);

export const Verified: FC<{ scene: Scene; who: Basic }> = ({ scene, who }) =>
  who.verification?.verifiedStatus === "valid" ? (
    <span class="verified" role="img" aria-label={scene.speech.words.verified}>
      <Icon name="verified" size={16} />
    </span>
  ) : null;

interface PersonRowProps {
  scene: Scene;
  who: Basic & { description?: string | undefined };
}

/** The children stand at the row's end. */
export const PersonRow: FC<PropsWithChildren<PersonRowProps>> = ({ scene, who, children }) => (
  <li class="row">
    <Face scene={scene} who={who} />
    <div class="words">
      <Name scene={scene} who={who} />
      {who.description && isUncovered(judge(who.labels ?? [], scene.tastes)) ? (
        <p class="bio" dir="auto">
          <FoundText text={who.description} />
        </p>
      ) : null}
    </div>
    {children}
  </li>
);

/** Accounts that may be listed to this reader. */
export const listed = <Who extends Basic>(scene: Scene, people: readonly Who[]): Who[] =>
  people.filter(({ labels }) => judge(labels ?? [], scene.tastes).hidden === null);
