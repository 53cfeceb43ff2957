/** `/app/lists`: a member's own lists, and which of them an account is on. */
import { isDid } from "@atcute/lexicons/syntax";
import type { FC } from "hono/jsx";
import { rkeyOf } from "../../../appview/uris.ts";
import { at, textOf } from "../../../protocol/json.ts";
import type { Fields } from "../../forms.ts";
import { PURPOSES } from "../acts/lists.ts";
import { listPath, profilePath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { Empty, Paging, Shell } from "../frame/shell.tsx";
import { Icon } from "../parts/icon.tsx";
import { titleOf } from "../parts/person.tsx";
import type { Forms, MemberVisit, Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { cursorOf } from "./asked.ts";
import { missing } from "./missing.tsx";

const PAGE = 50;

/** The reader's own lists, each with a button that puts an account on it, or takes it off. */
export async function showLists(visit: MemberVisit): Promise<Response> {
  const { scene, url, views } = visit;
  const { words } = scene.speech;
  const fields: Fields = new Map(url.searchParams);
  const did = fields.get("did") ?? "";
  const { forms } = scene;
  if (!isDid(did) || forms === null) return missing(visit);
  const [who, { listsWithMembership: lists, cursor }] = await Promise.all([
    views.getProfile({ actor: did }),
    views.getListsWithMembership({ actor: did, limit: PAGE, cursor: cursorOf(url) }),
  ]);
  const here = `/app/lists?${new URLSearchParams({ did }).toString()}`;
  const title = filled(words.listsFor, titleOf(who));
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title, path: "/app/lists", indexed: false }}>
      <div class="head">
        <h1>{title}</h1>
        <p>
          <a href={profilePath(who)}>{words.goBack}</a>
        </p>
      </div>
      {lists.length === 0 ? <Empty>{words.noLists}</Empty> : null}
      <ul class="roll">
        {lists.map(({ list, listItem }) => (
          <Membership scene={scene} forms={forms} did={did} here={here} of={{ list, listItem }} />
        ))}
      </ul>
      <p class="paging">
        <a class="button second" href={`/app/list?${new URLSearchParams({ back: here }).toString()}`}>
          {words.newList}
        </a>
      </p>
      <Paging scene={scene} path="/app/lists" query={{ did }} cursor={cursor} />
    </Shell>,
  );
}

interface MembershipProps {
  scene: Scene;
  forms: Forms;
  did: string;
  /** The page to come back to. */
  here: string;
  of: Awaited<ReturnType<MemberVisit["views"]["getListsWithMembership"]>>["listsWithMembership"][number];
}

/** A list of the reader's, and the button that puts an account on it, or takes it off. */
const Membership: FC<MembershipProps> = ({ scene, forms, did, here, of: { list, listItem } }) => {
  const { words } = scene.speech;
  return (
    <li class="row thing">
      <Icon name="list" size={28} />
      <div class="words">
        <a class="who" href={listPath(list.uri, list.creator)}>
          <b dir="auto">{list.name}</b>
        </a>
        <p class="at">{words.listPurposes[list.purpose === PURPOSES.mod ? "mod" : "curate"]}</p>
      </div>
      <form method="post" action="/app/act">
        <input type="hidden" name="csrf" value={forms.csrf} />
        <input type="hidden" name="back" value={here} />
        <input type="hidden" name="uri" value={list.uri} />
        <input type="hidden" name="did" value={did} />
        {listItem === undefined ? (
          <button class="first" name="do" value="enlist" aria-label={filled(words.putOn, list.name)}>
            {words.add}
          </button>
        ) : (
          <button
            class="quiet"
            name="do"
            value={`unlist ${rkeyOf(textOf(at(listItem, "uri")) ?? "")}`}
            aria-label={filled(words.takeOff, list.name)}
          >
            {words.remove}
          </button>
        )}
      </form>
    </li>
  );
};
