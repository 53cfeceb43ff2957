/** Content under its warnings: closed until the reader opens it, with or without a script. */
import type { Child, FC, PropsWithChildren } from "hono/jsx";
import type { Judgement } from "../judgement.ts";
import type { Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { Icon } from "./icon.tsx";
import { labelName } from "./label-name.ts";

const Cover: FC<PropsWithChildren<{ scene: Scene; label: string }>> = ({ scene, label, children }) => {
  const { words } = scene.speech;
  return (
    <details class="cover">
      <summary>
        <Icon name="hidden" />
        {filled(words.covered, labelName(scene, label))}
      </summary>
      {children}
    </details>
  );
};

interface CoveredProps {
  scene: Scene;
  judged: Judgement;
  media: Child | null;
}

/** Text and media, each under what the labels ask for. */
export const Covered: FC<PropsWithChildren<CoveredProps>> = ({ scene, judged, media, children }) => {
  const { cover, mediaCover, mediaHidden, notes } = judged;
  const { words } = scene.speech;
  const shown =
    media === null || mediaCover === null ? (
      media
    ) : mediaHidden ? (
      <p class="quoted gone">{words.mediaHidden}</p>
    ) : (
      <Cover scene={scene} label={mediaCover}>
        {media}
      </Cover>
    );
  const whole = (
    <>
      {notes.map((note) => (
        <p class="note">
          <Icon name="alert" size={16} />
          {labelName(scene, note)}
        </p>
      ))}
      {children}
      {shown}
    </>
  );
  return cover === null ? (
    whole
  ) : (
    <Cover scene={scene} label={cover}>
      {whole}
    </Cover>
  );
};
