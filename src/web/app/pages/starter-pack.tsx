/** `/starter-pack/<name>/<rkey>`: people and feeds to begin with. */
import { STARTER_PACK } from "../../../appview/uris.ts";
import { at, textOf } from "../../../protocol/json.ts";
import { feedPath, listPath, nameOf, packPath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import { Head, type Thing, isKept, previewOf } from "../parts/made.tsx";
import { peopleRows } from "../parts/people.tsx";
import { thingRows } from "../parts/thing.tsx";
import type { AppVisit } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { recordIn } from "./asked.ts";
import { missing } from "./missing.tsx";

export async function starterPackPage(visit: AppVisit, actor: string, rkey: string): Promise<Response> {
  const { views, scene } = visit;
  const { words } = scene.speech;
  const uri = await recordIn(visit, actor, STARTER_PACK, rkey);
  if (uri === null) return missing(visit);
  const { starterPack: view } = await views.getStarterPack({ starterPack: uri });
  const { creator, record, labels, feeds = [], listItemsSample = [], joinedAllTimeCount = 0 } = view;
  const name = textOf(at(record, "name")) ?? "";
  const thing: Thing = { uri, name, description: textOf(at(record, "description")), creator, labels };
  if (isKept(scene, thing)) return missing(visit, words.signedInOnly);
  const people = peopleRows(
    scene,
    listItemsSample.map(({ subject }) => subject),
  );
  return appPage(
    visit,
    <Shell scene={scene} preview={previewOf(scene, packPath(uri, creator), thing)}>
      <Head scene={scene} thing={thing} by={words.packBy} />
      <p class="aim at">
        {filled(words.packLead, `@${nameOf(creator)}`)}{" "}
        {joinedAllTimeCount > 0 ? scene.speech.plural(joinedAllTimeCount, words.joinedByPack) : null}
      </p>
      <ul class="roll">
        {people}
        {thingRows(
          scene,
          "feed",
          feedPath,
          feeds.map((feed) => ({ ...feed, name: feed.displayName })),
        )}
      </ul>
      {view.list === undefined ? null : (
        <p class="paging">
          <a class="button second" href={`${listPath(view.list.uri, creator)}?tab=people`}>
            {words.onThisList}
          </a>
        </p>
      )}
    </Shell>,
  );
}
