/** `/app/drafts`: a member's unfinished posts, the same as in other apps. */
import { getDrafts } from "../../../appview/reads/methods/private/drafts.ts";
import { draftSummary, dropDraft } from "../acts/draft-forms.ts";
import type { Fields } from "../../forms.ts";
import { appPage, goOn } from "../answers.tsx";
import { briefly } from "../frame/preview.tsx";
import { Empty, Paging, Shell } from "../frame/shell.tsx";
import type { MemberVisit } from "../visit.ts";
import { cursorOf } from "./asked.ts";

const PAGE = 30;

export async function drafts(visit: MemberVisit): Promise<Response> {
  const { reading, scene, url } = visit;
  const { words } = scene.speech;
  const page = await getDrafts(reading, { limit: PAGE, cursor: cursorOf(url) });
  const csrf = scene.forms?.csrf ?? "";
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title: words.drafts, path: "/app/drafts", indexed: false }}>
      <h1>{words.drafts}</h1>
      {page.drafts.length === 0 && page.cursor === undefined ? <Empty>{words.noDrafts}</Empty> : null}
      <ul class="roll">
        {page.drafts.map(({ id, draft, updatedAt }) => (
          <li class="row">
            <div class="words">
              <a
                class="said"
                dir="auto"
                href={`/intent/compose?${new URLSearchParams({ draft: id }).toString()}`}
              >
                {briefly(draftSummary(draft), 160) || words.emptyDraft}
              </a>
              <span class="at">{scene.speech.ago(updatedAt, scene.now)}</span>
            </div>
            <form method="post" action="/app/drafts">
              <input type="hidden" name="csrf" value={csrf} />
              <button class="quiet" name="draft" value={id}>
                {words.dropDraft}
              </button>
            </form>
          </li>
        ))}
      </ul>
      <Paging scene={scene} path="/app/drafts" query={{}} cursor={page.cursor} />
    </Shell>,
  );
}

export async function takeDrafts({ reading }: MemberVisit, fields: Fields): Promise<Response> {
  await dropDraft(reading, fields.get("draft"));
  return goOn("/app/drafts");
}
