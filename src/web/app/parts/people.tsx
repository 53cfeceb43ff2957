/** People in a list, each with the button by which a member follows them. */
import type { Child } from "hono/jsx";
import type { Scene } from "../visit.ts";
import { FollowForm } from "./acts.tsx";
import { type Basic, PersonRow, listed } from "./person.tsx";

type Listed = Basic & { description?: string | undefined };

/** Those who may be listed to this reader. */
export const peopleRows = (scene: Scene, people: readonly Listed[]): Child[] =>
  listed(scene, people).map((who) => (
    <PersonRow scene={scene} who={who}>
      {scene.forms !== null && mayFollow(scene, who) ? (
        <FollowForm scene={scene} who={who} forms={scene.forms} />
      ) : null}
    </PersonRow>
  ));

/** Whether the reader could begin to follow somebody. */
function mayFollow({ viewer: reader }: Scene, { did, viewer = {} }: Listed): boolean {
  const { following, blocking, blockingByList, blockedBy } = viewer;
  const isApart = blocking !== undefined || blockingByList !== undefined || blockedBy === true;
  return did !== reader?.did && following === undefined && !isApart;
}
