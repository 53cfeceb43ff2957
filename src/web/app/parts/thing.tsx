/** Feeds, lists and starter packs, each as a row. */
import type { Child } from "hono/jsx";
import type { Scene } from "../visit.ts";
import { Icon, type IconName } from "./icon.tsx";
import { type Thing, isKept, saidOf } from "./made.tsx";
import type { Basic } from "./person.tsx";

type PathOf = (uri: string, by: Basic) => string;

/** A row for each thing that this reader may see. */
export const thingRows = (scene: Scene, icon: IconName, pathOf: PathOf, things: readonly Thing[]): Child[] =>
  things
    .filter((thing) => !isKept(scene, thing))
    .map((thing) => thingRow(icon, pathOf(thing.uri, thing.creator), saidOf(scene, thing)));

const thingRow = (icon: IconName, path: string, { name, description }: ReturnType<typeof saidOf>): Child => (
  <li class="row thing">
    <Icon name={icon} size={28} />
    <div class="words">
      <a class="who" href={path}>
        <b dir="auto">{name}</b>
      </a>
      {description ? (
        <p class="bio" dir="auto">
          {description}
        </p>
      ) : null}
    </div>
  </li>
);
